package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

type slotsIn struct{ Body SlotsQuery }

type sandboxIn struct {
	Of string `query:"of" doc:"A change, a system, or site:, cluster: or region: with a name; without it, everybody." example:"resource:orders-db-1"`
}

type windowsIn struct {
	System string `query:"system" doc:"Only those that this system has."`
}

type openIn struct {
	System []string `query:"system,explode" required:"true" minItems:"1" maxItems:"1000" doc:"A system that shall be worked on; may be repeated."`
	From   string   `query:"from" required:"true" doc:"RFC 3339." example:"2027-03-06T00:00:00Z"`
	To     string   `query:"to" required:"true" doc:"RFC 3339; not included." example:"2027-06-04T00:00:00Z"`
}

func (r routes) around(api huma.API) {
	slots := operation("list-slots", http.MethodPost, "/v1/slots", "surroundings", "The next windows in which nothing would be in the way")
	slots.Description = "Of a request, or of a change as it is planned. Nothing is reserved."
	add(api, slots, r.slots)
	add(api, operation("get-sandbox", http.MethodGet, "/v1/sandbox", "surroundings", "Who else is playing"), r.sandbox)
	add(api, operation("list-windows", http.MethodGet, "/v1/windows", "surroundings", "Maintenance windows"), r.windows)
	add(api, operation("list-openings", http.MethodGet, "/v1/windows/open", "surroundings", "When the owners of all these systems allow work"), r.open)
}

func (r routes) slots(ctx context.Context, in *slotsIn) ([]change.Window, error) {
	q := in.Body
	if (q.Request == nil) == (q.Change == "") {
		return nil, change.Invalid("the question must hold either a request or the ID of a change").At("request")
	}
	if q.Change != "" {
		id, err := change.ParseID(string(q.Change))
		if err != nil {
			return nil, err
		}
		q.Change = id
	}
	return list(r.service.Slots(ctx, who(ctx), q))
}

func (r routes) sandbox(ctx context.Context, in *sandboxIn) (change.Sandbox, error) {
	of, err := parseOf(in.Of)
	if err != nil {
		return change.Sandbox{}, err
	}
	s, err := r.service.Sandbox(ctx, of)
	s.Neighbours = some(s.Neighbours)
	return s, err
}

// parseOf reads what is asked about: the ID of a change or a reference.
func parseOf(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", nil
	}
	if strings.HasPrefix(strings.ToUpper(s), "CHG-") {
		id, err := change.ParseID(s)
		return string(id), err
	}
	ref, err := change.ParseRef(s, "resource")
	if err != nil {
		return "", change.Invalid("%q is neither a change nor a system; write for example CHG-17, resource:orders-db-1 or site:husum", s).At("of")
	}
	return string(ref), nil
}

func (r routes) windows(ctx context.Context, in *windowsIn) ([]change.MaintenanceWindow, error) {
	system, err := parseRef("system", in.System, "resource")
	if err != nil {
		return nil, err
	}
	return list(r.service.Windows(ctx, system))
}

func (r routes) open(ctx context.Context, in *openIn) (OpenTimes, error) {
	var systems []change.Ref
	for _, s := range in.System {
		ref, err := parseRef("system", s, "resource")
		if err != nil {
			return OpenTimes{}, err
		}
		if ref == "" {
			return OpenTimes{}, change.Invalid("is empty; write kind:name, for example resource:orders-db-1").At("system")
		}
		systems = append(systems, ref)
	}
	from, to, err := parseSpan(in.From, in.To)
	if err != nil {
		return OpenTimes{}, err
	}
	o, err := r.service.Open(ctx, systems, from, to)
	o.Open = some(o.Open)
	return o, err
}

// parseSpan reads [from, to), of which both are needed.
func parseSpan(fromText, toText string) (from, to time.Time, err error) {
	if from, err = parseTime("from", fromText); err != nil {
		return from, to, err
	}
	if to, err = parseTime("to", toText); err != nil {
		return from, to, err
	}
	if !from.Before(to) || to.Sub(from) > longestCalendar {
		return from, to, change.Invalid("from %s to %s is not a span; to must be after from, by at most 366 days", fromText, toText).At("to")
	}
	return from, to, nil
}

// some makes an absent list within an answer an empty one.
func some[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
