package change

import "slices"

// Status says where a change stands.
type Status string

// The statuses, in the order of the story.
const (
	Submitted        Status = "submitted"
	Refused          Status = "refused"
	AwaitingApproval Status = "awaiting-approval"
	Rejected         Status = "rejected"
	Scheduled        Status = "scheduled"
	Waiting          Status = "waiting"
	Running          Status = "running"
	Held             Status = "held"
	BackingOut       Status = "backing-out"
	Completed        Status = "completed"
	BackedOut        Status = "backed-out"
	Failed           Status = "failed"
	Expired          Status = "expired"
	Cancelled        Status = "cancelled"
	ReviewDue        Status = "review-due"
	Closed           Status = "closed"
)

// Statuses lists every status in the order of the story.
var Statuses = []Status{
	Submitted, Refused, AwaitingApproval, Rejected, Scheduled, Waiting, Running, Held,
	BackingOut, Completed, BackedOut, Failed, Expired, Cancelled, ReviewDue, Closed,
}

var follows = map[Status][]Status{
	Submitted:        {Refused, AwaitingApproval, Scheduled, Cancelled, Expired},
	AwaitingApproval: {AwaitingApproval, Refused, Rejected, Scheduled, Held, Expired, Cancelled},
	Scheduled:        {AwaitingApproval, Rejected, Waiting, Running, Held, Expired, Cancelled},
	Waiting:          {AwaitingApproval, Rejected, Running, Held, Expired, Cancelled},
	Running:          {Held, BackingOut, Completed, Failed},
	// From a hold before the start it goes back to where it was, or ends.
	Held:       {Running, BackingOut, Failed, AwaitingApproval, Scheduled, Waiting, Rejected, Expired, Cancelled},
	BackingOut: {Held, BackedOut, Failed},
	Completed:  {ReviewDue},
	BackedOut:  {ReviewDue},
	Failed:     {ReviewDue},
	ReviewDue:  {Closed},
}

// MayFollow reports whether a change in status s may enter next.
func (s Status) MayFollow(next Status) bool { return slices.Contains(follows[s], next) }

// Final reports whether the way of the change has ended. A final change holds
// no reservation and no claim; Failed is final for the workflow but its claim
// stays, because its systems are in an unknown state.
func (s Status) Final() bool {
	switch s {
	case Refused, Rejected, Completed, BackedOut, Failed, Expired, Cancelled, Closed:
		return true
	case Submitted, AwaitingApproval, Scheduled, Waiting, Running, Held, BackingOut, ReviewDue:
		return false
	}
	return false
}

// Active reports whether a change in this status holds a claim on its systems. A hold
// before the start has none: see Record.Started.
func (s Status) Active() bool {
	return s == Running || s == Held || s == BackingOut || s == Failed
}

// Valid reports whether s is one of Statuses.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }
