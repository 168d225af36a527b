// PM2: pm2 start deploy/ecosystem.config.cjs
module.exports = {
  apps: [
    {
      name: 'ingestor',
      cwd: '/srv/ingestor',
      script: 'service.ts',
      interpreter: 'node',
      // One process: a data directory has one owner.
      exec_mode: 'fork',
      instances: 1,
      // PM2 sends SIGINT, and SIGKILL after this. The stop takes at most 90 s, see data-ingestor.service.
      kill_timeout: 100_000,
      // Readiness is asked over HTTP at /ready; the service sends no message.
      wait_ready: false,
      autorestart: true,
      exp_backoff_restart_delay: 500,
      max_memory_restart: '512M',
      // The service logs JSON with a time in each line.
      merge_logs: true,
      env: {
        NODE_ENV: 'production',
        INGESTOR_PROFILE: 'heavy',
        INGESTOR_SERVICE__HOST: '0.0.0.0',
        INGESTOR_SERVICE__PORT: '8080',
        INGESTOR_SERVICE__ADMIN_PORT: '9090',
        INGESTOR_SOURCE__URL: 'https://quotes.example.com',
        INGESTOR_SOURCE__API_KEY: 'file:/etc/ingestor/source-key',
        INGESTOR_DATA_DIR: '/var/lib/ingestor',
      },
    },
  ],
};
