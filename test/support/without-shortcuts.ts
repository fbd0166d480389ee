/** The service's file without its published codes, for menus that lack the screens these lead to. */
export function withoutShortcuts(service: string): string {
  return service.replace(/^shortcuts:\n(?: .*\n)+/m, '')
}
