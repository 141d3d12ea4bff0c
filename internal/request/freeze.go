package request

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// FreezeKind is the kind of a file that asks for a freeze.
const FreezeKind = "Freeze"

// Freeze is a freeze as somebody asks for it.
type Freeze struct {
	Title      string
	Reason     string
	Owner      change.Ref
	Scope      change.Scope
	Window     change.WindowRequest
	Recurrence *change.Recurrence
	// Exception is the group that may let changes through; empty: nobody may.
	Exception change.Ref
}

type freezeFile struct {
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Metadata   metadata   `yaml:"metadata"`
	Spec       freezeSpec `yaml:"spec"`
}

type freezeSpec struct {
	Reason     string             `yaml:"reason"`
	Owner      change.Ref         `yaml:"owner"`
	Scope      *change.Scope      `yaml:"scope"`
	Window     window             `yaml:"window"`
	Recurrence *change.Recurrence `yaml:"recurrence"`
	Exception  change.Ref         `yaml:"exception-by"`
}

// ParseFreeze reads a freeze from the bytes of the file called name, as Parse does a
// request. A freeze of everything says so: scope: {}.
func ParseFreeze(name string, b []byte) (Freeze, *document.Document, error) {
	doc, err := document.One(name, b)
	if err != nil {
		return Freeze{}, nil, err
	}
	head := heading(doc, FreezeKind)
	if kind, there := doc.Find("kind"); there && kind.Value != FreezeKind {
		return Freeze{}, doc, inOrder(head)
	}
	var f freezeFile
	problems := append(head, document.Problems(doc.Decode(&f))...)
	fr := Freeze{
		Title: f.Metadata.Title, Reason: f.Spec.Reason, Owner: f.Spec.Owner, Window: change.WindowRequest(f.Spec.Window),
		Recurrence: f.Spec.Recurrence, Exception: f.Spec.Exception,
	}
	if f.Spec.Scope != nil {
		fr.Scope = *f.Spec.Scope
	}
	fr = fr.tidy()
	wrong := fr.mistakes()
	if f.Spec.Scope == nil {
		wrong = append(wrong, mistake{"spec.scope", "is missing; say what is frozen, or write scope: {} for everything"})
	}
	return fr, doc, inOrder(placed(doc, problems, wrong))
}

// FreezeFlags are a freeze as it is given on the command line.
type FreezeFlags struct {
	Title, Reason, Owner string
	From, To, Duration   string
	Zone                 string
	Systems, Owners      []string
	Tiers                []int
	Sites, Clusters      []string
	Regions, Redundancy  []string
	// Everything must be set where nothing else says what is frozen.
	Everything bool
	// Rule, with Every (the first local start) and Each (how long it lasts), makes it come again.
	Rule, Every, Each string
	Except            []string
	ExceptionBy       string
}

// FreezeFromFlags makes the freeze that the flags describe. All that is wrong is
// returned at once, joined, as Invalid errors whose Field is the flag.
func FreezeFromFlags(f FreezeFlags) (Freeze, error) {
	fr := Freeze{
		Title: f.Title, Reason: f.Reason, Owner: change.Ref(f.Owner), Exception: change.Ref(f.ExceptionBy),
		Window: change.WindowRequest{Start: f.From, End: f.To, Duration: f.Duration, Zone: f.Zone},
		Scope: change.Scope{
			Systems: asRefs(f.Systems), Owners: asRefs(f.Owners), Tiers: f.Tiers, Sites: f.Sites, Clusters: f.Clusters,
			Regions: f.Regions, Redundancy: f.Redundancy,
		},
	}
	recurrence, wrong := f.recurrence()
	fr.Recurrence = recurrence
	fr = fr.tidy()
	wrong = append(fr.mistakes(), wrong...)
	if fr.Scope.Empty() != f.Everything {
		text := "is missing; say what is frozen with --systems, --owned-by, --tier, --site, --cluster, --region or --redundancy, or freeze all with --everything"
		if f.Everything {
			text = "is given besides a scope; keep one of them"
		}
		wrong = append(wrong, mistake{"--everything", text})
	}
	var problems []error
	for _, m := range wrong {
		problems = append(problems, change.Invalid("%s", m.text).At(flagOfFreeze(m.field)))
	}
	return fr, errors.Join(problems...)
}

func asRefs(list []string) []change.Ref {
	var all []change.Ref
	for _, s := range list {
		all = append(all, change.Ref(s))
	}
	return all
}

func (f FreezeFlags) recurrence() (*change.Recurrence, []mistake) {
	if f.Rule == "" && f.Every == "" && f.Each == "" && len(f.Except) == 0 {
		return nil, nil
	}
	r := &change.Recurrence{Start: f.Every, Rule: f.Rule, Zone: f.Zone, Except: f.Except}
	var wrong []mistake
	for _, needed := range []struct{ flag, value, hint string }{
		{"--rule", f.Rule, "write an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=FR"},
		{"--every-start", f.Every, "write the local start of the first time, such as 2027-01-01T12:00"},
		{"--every-duration", f.Each, "say how long it lasts each time, such as 60h"},
		{"--zone", f.Zone, "a freeze that comes again needs its IANA zone, such as Europe/Berlin"},
	} {
		if needed.value == "" {
			wrong = append(wrong, mistake{needed.flag, "is missing; " + needed.hint})
		}
	}
	if f.Each != "" {
		if err := r.Duration.UnmarshalText([]byte(f.Each)); err != nil {
			wrong = append(wrong, mistake{"--every-duration", err.Error()})
		}
	}
	return r, wrong
}

func (f Freeze) tidy() Freeze {
	for _, s := range []*string{&f.Title, &f.Reason, &f.Window.Start, &f.Window.End, &f.Window.Duration, &f.Window.Zone} {
		*s = strings.TrimSpace(*s)
	}
	for _, s := range []*string{&f.Window.Start, &f.Window.End} {
		if _, err := time.Parse(time.DateOnly, *s); err == nil {
			*s += "T00:00" // a freeze is told in days
		}
	}
	f.Owner, f.Exception = known(f.Owner, "group"), known(f.Exception, "group")
	for i, r := range f.Scope.Systems {
		f.Scope.Systems[i] = known(r, "resource")
	}
	for i, r := range f.Scope.Owners {
		f.Scope.Owners[i] = known(r, "group")
	}
	return f
}

// known returns a reference as everybody writes it, or what is no reference as it stands.
func known(r change.Ref, kind string) change.Ref {
	if ref, err := change.ParseRef(string(r), kind); err == nil {
		return ref
	}
	return r
}

func (f Freeze) mistakes() []mistake {
	var all []mistake
	for _, required := range []struct{ field, value, hint string }{
		{"metadata.title", f.Title, "say in a line what it is, such as 'Year end in the books'"},
		{"spec.reason", f.Reason, "say why nobody may work; it is shown to whom it stops"},
		{"spec.owner", string(f.Owner), "name the group that answers for the freeze, such as group:finance"},
		{"spec.window.start", f.Window.Start, "write a local time such as '2027-12-20T18:00'"},
	} {
		if required.value == "" {
			all = append(all, mistake{required.field, "is missing; " + required.hint})
		}
	}
	all = append(all, titleMistakes(f.Title)...)
	all = append(all, lengthMistakes(f.Window)...)
	for _, r := range f.refs() {
		if ref, err := change.ParseRef(string(r.ref), ""); r.ref != "" && (err != nil || (r.kind != "" && ref.Kind() != r.kind)) {
			all = append(all, mistake{r.field, fmt.Sprintf("is %q; expected a reference such as %s", r.ref, r.example)})
		}
	}
	for i, t := range f.Scope.Tiers {
		if t < 1 {
			all = append(all, mistake{fmt.Sprintf("spec.scope.tiers[%d]", i), fmt.Sprintf("is %d; tiers count from 1, the most critical", t)})
		}
	}
	return all
}

type named struct {
	field         string
	ref           change.Ref
	kind, example string
}

func (f Freeze) refs() []named {
	all := []named{{"spec.owner", f.Owner, "", "group:finance"}, {"spec.exception-by", f.Exception, "group", "group:change-managers"}}
	for i, r := range f.Scope.Systems {
		all = append(all, named{fmt.Sprintf("spec.scope.systems[%d]", i), r, "", "resource:orders-db-1"})
	}
	for i, r := range f.Scope.Owners {
		all = append(all, named{fmt.Sprintf("spec.scope.owners[%d]", i), r, "", "group:dba"})
	}
	return all
}

// LocateFreeze is Locate for a freeze.
func LocateFreeze(doc *document.Document, err error) error { return locate(doc, err, flagOfFreeze) }

var freezeFlags = map[string]string{
	"metadata.title": "--title", "spec.reason": "--reason", "spec.owner": "--owner",
	"spec.window.start": "--from", "spec.window.end": "--to", "spec.window.duration": "--duration", "spec.window.zone": "--zone",
	"spec.window": "--to, --duration", "spec.exception-by": "--exception-by", "spec.exception": "--exception-by",
	"spec.recurrence.start": "--every-start", "spec.recurrence.rule": "--rule", "spec.recurrence.duration": "--every-duration",
	"spec.recurrence.zone": "--zone", "spec.recurrence.except": "--except",
	"spec.scope.systems": "--systems", "spec.scope.owners": "--owned-by", "spec.scope.tiers": "--tier", "spec.scope.sites": "--site",
	"spec.scope.clusters": "--cluster", "spec.scope.regions": "--region", "spec.scope.redundancy": "--redundancy",
}

// flagOfFreeze names the flag that sets a field of the file.
func flagOfFreeze(field string) string {
	name, _, _ := strings.Cut(field, "[")
	if flag, ok := freezeFlags[name]; ok {
		return flag
	}
	return field
}
