/** The release, as in package.json; shown by status and kept in the instance file. */
export const version = '0.1.0'
