/** The content, resources and prompts that the conformance suites ask for by name; plain data for either SDK. */

/** A red pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='

/** A RIFF head and no samples. */
export const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='

export type Content =
  | { type: 'text'; text: string }
  | { type: 'image' | 'audio'; data: string; mimeType: string }
  | { type: 'resource'; resource: { uri: string; mimeType: string; text: string } }

export const text = (said: string): Content => ({ type: 'text', text: said })
export const image: Content = { type: 'image', data: PNG, mimeType: 'image/png' }
export const audio: Content = { type: 'audio', data: WAV, mimeType: 'audio/wav' }
export const embedded = (uri: string, mimeType: string, said: string): Content => ({
  type: 'resource',
  resource: { uri, mimeType, text: said },
})

export interface Resource {
  readonly uri: string
  readonly name: string
  readonly description: string
  readonly mimeType: string
  readonly body: { readonly text: string } | { readonly blob: string }
}

export const RESOURCES: readonly Resource[] = [
  {
    uri: 'test://static-text',
    name: 'static-text',
    description: 'A text that never changes',
    mimeType: 'text/plain',
    body: { text: 'This is the content of the static text resource.' },
  },
  {
    uri: 'test://static-binary',
    name: 'static-binary',
    description: 'A picture that never changes',
    mimeType: 'image/png',
    body: { blob: PNG },
  },
  {
    uri: 'test://watched-resource',
    name: 'watched-resource',
    description: 'A text that can be subscribed to',
    mimeType: 'text/plain',
    body: { text: 'watched' },
  },
]

export const TEMPLATE = {
  uriTemplate: 'test://template/{id}/data',
  name: 'template',
  description: 'Data of one id',
  mimeType: 'application/json',
}

export interface Read {
  uri: string
  mimeType: string
  text?: string
  blob?: string
}

/** `undefined` if there is no such resource. */
export function read(uri: string): Read | undefined {
  const found = RESOURCES.find((resource) => resource.uri === uri)
  if (found !== undefined) return { uri, mimeType: found.mimeType, ...found.body }
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1]
  if (id === undefined) return undefined
  return {
    uri,
    mimeType: TEMPLATE.mimeType,
    text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  }
}

export interface Prompt {
  readonly name: string
  readonly description: string
  /** Names of its arguments, all required. */
  readonly takes: readonly string[]
  messages(args: Readonly<Record<string, string>>): readonly Content[]
}

export const PROMPTS: readonly Prompt[] = [
  {
    name: 'test_simple_prompt',
    description: 'Takes nothing',
    takes: [],
    messages: () => [text('This is a simple prompt for testing.')],
  },
  {
    name: 'test_prompt_with_arguments',
    description: 'Repeats its arguments',
    takes: ['arg1', 'arg2'],
    messages: ({ arg1, arg2 }) => [text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'Embeds a resource',
    takes: ['resourceUri'],
    messages: ({ resourceUri = '' }) => [
      embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
      text('Please process the embedded resource above.'),
    ],
  },
  {
    name: 'test_prompt_with_image',
    description: 'Shows a picture',
    takes: [],
    messages: () => [image, text('Please analyze the image above.')],
  },
]
