/** The names of the views, for the configuration. */

export const VIEW_NAMES = ['pforge', 'shadowcat', 'metamcp', 'tfo'] as const

export type ViewName = (typeof VIEW_NAMES)[number]

export const isViewName = (name: string): name is ViewName => (VIEW_NAMES as readonly string[]).includes(name)
