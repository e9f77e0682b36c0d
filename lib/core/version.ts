/** The same as in package.json (a test holds them together); read from here, for it costs no file. */
export const VERSION = '0.1.0';
