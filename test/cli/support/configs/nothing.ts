export const schema = 'no schema';
export const config = null;
