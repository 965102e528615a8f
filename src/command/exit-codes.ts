/** The exit codes of every command. */

/** sysexits.h: the command or its configuration is wrong. */
export const EX_USAGE = 64
export const EX_FAILED = 1
