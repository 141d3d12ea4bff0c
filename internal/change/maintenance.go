package change

import "time"

// ImpactClass is what a declared maintenance does to what it is declared on. The
// classes are those of the maintenance notifications of network operators
// (X-MAINTNOTE-IMPACT).
type ImpactClass string

// The classes, the mildest first.
const (
	NoImpact          ImpactClass = "NO-IMPACT"
	ReducedRedundancy ImpactClass = "REDUCED-REDUNDANCY"
	DegradedService   ImpactClass = "DEGRADED"
	Outage            ImpactClass = "OUTAGE"
)

// ImpactClasses lists every class, the mildest first.
var ImpactClasses = []ImpactClass{NoImpact, ReducedRedundancy, DegradedService, Outage}

// DeclarationState says where a declared maintenance stands.
type DeclarationState string

// The states of a declared maintenance.
const (
	Tentative DeclarationState = "tentative" // announced, may not come; it holds all the same
	Planned   DeclarationState = "planned"
	Ended     DeclarationState = "ended" // reported as done before its window was over
	Withdrawn DeclarationState = "withdrawn"
)

// Holds reports whether a declared maintenance in this state holds its systems.
func (s DeclarationState) Holds() bool { return s == Tentative || s == Planned }

// Declaration is work that somebody announces: a vendor, a customer, a team that
// does not use this product. It cannot be refused; a conflict with it falls on ours.
type Declaration struct {
	ID       ID               `json:"id"`       // MNT-7
	Revision int              `json:"revision"` // from 1; grows when it is moved, withdrawn or otherwise altered
	State    DeclarationState `json:"state"`
	Title    string           `json:"title"`
	// Targets is what it was declared on, as it was named: systems, or site:NAME,
	// cluster:NAME, region:NAME.
	Targets []Ref       `json:"targets"`
	Impact  ImpactClass `json:"impact"`
	Window  Window      `json:"window"`
	// Owner is whose work it is, in words or as a reference: a carrier, a customer, group:lan.
	Owner string `json:"owner"`
	// Contact is how to reach them.
	Contact string `json:"contact"`
	// Holds is what follows of it from the catalog.
	Holds      []Hand    `json:"holds,omitempty"`
	DeclaredBy Ref       `json:"declaredBy"`
	At         time.Time `json:"at"` // of this revision
	Reason     string    `json:"reason,omitempty"`
	// Source is the calendar entry that it was imported from.
	Source *CalendarEntry `json:"source,omitempty"`
}

// CalendarEntry names an event of an iCalendar (RFC 5545 3.8.4.7, 3.8.7.4).
type CalendarEntry struct {
	Calendar   string `json:"calendar"` // name under which the file or feed is imported
	UID        string `json:"uid"`
	Recurrence string `json:"recurrence,omitempty"` // RECURRENCE-ID in UTC, for one of a series
	Sequence   int    `json:"sequence"`
}

// Imported is what came of one event of a calendar.
type Imported struct {
	Declaration Declaration `json:"declaration"`
	// Result is new, changed, withdrawn, unchanged or stale (an older SEQUENCE than
	// the one that is known; left alone).
	Result string `json:"result"`
}

// Hand is one system with the mode in which it is held.
type Hand struct {
	System Ref  `json:"system"`
	Mode   Mode `json:"mode"`
	// Access marks an observed system over which the way in to something touched leads.
	Access bool  `json:"access,omitempty"`
	Path   []Ref `json:"path,omitempty"`
}

// Recurrence is a time that comes again: RFC 5545 recurrence in an IANA zone.
type Recurrence struct {
	// Start is the first occurrence's local start, 2027-01-02T22:00 (DTSTART).
	Start string `json:"start" yaml:"start,required"`
	// Rule is an RRULE's value, such as FREQ=WEEKLY;BYDAY=SA; empty: it comes once.
	Rule     string   `json:"rule,omitempty" yaml:"rule"`
	Duration Duration `json:"duration" yaml:"duration,required"`
	Zone     string   `json:"zone" yaml:"zone,required"`
	// Except lists local starts, or whole local dates, that do not happen (EXDATE).
	Except []string `json:"except,omitempty" yaml:"except"`
}

// Scope selects systems. Within a field any value matches; all fields that are
// given must match. An empty scope selects every system.
type Scope struct {
	Systems  []Ref    `json:"systems,omitempty" yaml:"systems"` // these, and their parts
	Owners   []Ref    `json:"owners,omitempty" yaml:"owners"`   // groups or users that answer for them
	Tiers    []int    `json:"tiers,omitempty" yaml:"tiers"`
	Sites    []string `json:"sites,omitempty" yaml:"sites"`
	Clusters []string `json:"clusters,omitempty" yaml:"clusters"`
	Regions  []string `json:"regions,omitempty" yaml:"regions"`
	// Redundancy names redundancy groups.
	Redundancy []string `json:"redundancy,omitempty" yaml:"redundancy"`
}

// Empty reports whether the scope selects every system.
func (s Scope) Empty() bool {
	return len(s.Systems)+len(s.Owners)+len(s.Tiers)+len(s.Sites)+len(s.Clusters)+len(s.Regions)+len(s.Redundancy) == 0
}

// MaintenanceWindow is when the owner of systems allows work on them. It stands in
// the catalog.
type MaintenanceWindow struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Owner Ref    `json:"owner,omitempty"`
	// Scope selects the systems that it is for; an empty one is for those only that
	// name the window themselves.
	Scope Scope `json:"scope"`
	Recurrence
}

// Freeze is a time in which nobody may work on the systems of a scope.
type Freeze struct {
	ID     ID     `json:"id"` // FRZ-3
	Title  string `json:"title"`
	Reason string `json:"reason"`
	Owner  Ref    `json:"owner"`
	Scope  Scope  `json:"scope"`
	// Window bounds the freeze. With a Recurrence it holds at its occurrences only.
	Window     Window      `json:"window"`
	Recurrence *Recurrence `json:"recurrence,omitempty"`
	// Exception is the group whose approval lets a change through that asks for it;
	// empty: there are no exceptions.
	Exception Ref       `json:"exception,omitempty"`
	By        Ref       `json:"by"`
	At        time.Time `json:"at"`
	LiftedBy  Ref       `json:"liftedBy,omitempty"`
	LiftedAt  time.Time `json:"liftedAt,omitzero"`
	LiftedFor string    `json:"liftedFor,omitempty"`
}

// NeighbourState says how a neighbour stands in time.
type NeighbourState string

// The states of neighbours, in the order in which a person reads them.
const (
	NeighbourOverrunning NeighbourState = "overrunning" // runs, and its window is over
	NeighbourRunning     NeighbourState = "running"
	NeighbourEnded       NeighbourState = "ended" // within the last two hours
	NeighbourNext        NeighbourState = "next"  // within the next 24 hours
)

// Neighbour is somebody else who is playing: a change or a declared maintenance
// with what it has to do with what was asked about.
type Neighbour struct {
	State   NeighbourState `json:"state"`
	By      ID             `json:"by"`
	Title   string         `json:"title"`
	Status  Status         `json:"status,omitempty"` // of a change
	Impact  ImpactClass    `json:"impact,omitempty"` // of a declared maintenance
	Window  Window         `json:"window"`
	Since   time.Time      `json:"since,omitzero"` // when it started
	Ended   time.Time      `json:"ended,omitzero"`
	Person  Ref            `json:"person"` // who submitted or declared it
	Owner   string         `json:"owner"`  // whose work it is
	Contact string         `json:"contact,omitempty"`
	// Mode is the strongest in which it holds one of Systems.
	Mode    Mode  `json:"mode"`
	Systems []Ref `json:"systems"` // of what it holds, what concerns the question
	// Path leads from what was asked about to the first of Systems.
	Path []Ref `json:"path,omitempty"`
	// Relation says it in a sentence.
	Relation string `json:"relation"`
}

// Sandbox is everybody who is playing at a time.
type Sandbox struct {
	At time.Time `json:"at"`
	// Of is the change or system that was asked about; empty: everything.
	Of         string      `json:"of,omitempty"`
	Neighbours []Neighbour `json:"neighbours"`
}
