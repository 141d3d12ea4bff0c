// Package change holds the nouns of the product: changes, windows, plans,
// footprints, approvals, decisions, and the statuses in the order of their story.
//
// Everything else speaks in these words. The package knows no database, no
// clock, no network and no other package of this module; it must stay that way,
// because workflows, rules and the world all import it.
package change
