/** First in, first out; every move takes the same time however many wait. */
export type Fifo<T> = {
  push(value: T): void
  /** The one that waits longest, which stays. */
  peek(): T | undefined
  shift(): T | undefined
  size(): number
}

type Node<T> = { readonly value: T; next: Node<T> | null }

export function makeFifo<T>(): Fifo<T> {
  let head: Node<T> | null = null
  let tail: Node<T> | null = null
  let size = 0
  return {
    push(value) {
      const node: Node<T> = { value, next: null }
      if (tail === null) head = node
      else tail.next = node
      tail = node
      size += 1
    },
    peek: () => head?.value,
    shift() {
      const first = head
      if (first === null) return undefined
      head = first.next
      if (head === null) tail = null
      size -= 1
      return first.value
    },
    size: () => size,
  }
}
