import { type ServiceApp, type ServicePorts, type StartContext, serveApi } from 'portcullis/service';
import { notificationApi } from '../api/notification-api.ts';
import { NOTICED, noticeOf } from '../notification/notice.ts';
import { type Notification, Notifications } from '../notification/notifications.ts';
import type { Parts, ServiceSeat } from '../parts/parts.ts';
import { SystemService } from './system-service.ts';

const TOLD = {
  name: 'notification_notices_total',
  help: 'What people were told, by how bad it is.',
  labels: { severity: ['info', 'warning', 'critical'] },
} as const;

const LEVELS = { info: 'info', warning: 'warn', critical: 'error' } as const;

/** Tells people: one line of the log for each thing that they have to know, which a shipper of logs may pass on. */
export class NotificationService extends SystemService {
  readonly #told = this.metrics.counter(TOLD);
  readonly #notifications: Notifications;
  #stopEvents: (() => Promise<void>) | undefined;

  constructor(seat: ServiceSeat, parts: Parts, ports: ServicePorts = {}) {
    super('notification', seat, parts, ports);
    this.#notifications = new Notifications(
      {},
      {
        clock: parts.clock,
        tell: (notification) => {
          this.#tell(notification);
        },
      },
    );
  }

  protected override async onStart({ use }: StartContext): Promise<void> {
    const { bus } = this.parts;
    use('notifications', this.#notifications);
    const events = bus.subscribe('notification', NOTICED, (event) => {
      const notice = noticeOf(event);
      if (notice !== undefined) this.#notifications.add(event.id, notice, Date.parse(event.time));
    });
    this.#stopEvents = () => events.stop();
    await events.ready;
    this.tellWhere(use);
  }

  protected override async onDrain(): Promise<void> {
    await this.#stopEvents?.();
  }

  protected override routes(app: ServiceApp): void {
    serveApi(app, notificationApi, {
      listNotifications: ({ query: { limit = 100, severity } }) => ({
        notifications: this.#notifications.last(limit, severity),
      }),
    });
  }

  #tell(notification: Notification): void {
    const { severity, subject, code } = notification;
    this.#told.inc({ severity });
    this.log[LEVELS[severity]]({ notification }, `${code} ${subject}`);
  }
}
