import type { People } from '../approval/people.ts'
import type { ServiceBook, ServiceEntry } from '../engine/service-entry.ts'

/** The catalogue with the number of people behind each service's approvers: two groups may be the same two people. */
export function countedServices(book: ServiceBook, people: People): ServiceBook {
  const counted = (entry: ServiceEntry): ServiceEntry => ({ ...entry, approverCount: people.count(entry.approvers) })
  return {
    find: (name) => {
      const entry = book.find(name)
      return entry && counted(entry)
    },
    all: () => book.all().map(counted),
  }
}
