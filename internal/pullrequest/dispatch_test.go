package pullrequest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// exchange is ledger, GitHub and workflows as far as the dispatcher speaks with them.
type exchange struct {
	Forge
	deliveries []change.Delivery
	handled    map[string]bool
	own        map[int64]change.PullState
	known      []change.PullState
	pins       []change.Pin
	untold     []change.PullKey
	served     []proposal.Repository
	open       []proposal.Pull
	sent       []proposal.Delivery
	again      []int64
	poked      []string
	deaf       error
}

func (x *exchange) Accept(_ context.Context, d change.Delivery) (bool, error) {
	known := slices.ContainsFunc(x.deliveries, func(o change.Delivery) bool { return o.GUID == d.GUID })
	if !known {
		x.deliveries = append(x.deliveries, d)
	}
	return !known, nil
}

func (x *exchange) Accepted(_ context.Context, limit int) ([]change.Delivery, error) {
	left := slices.DeleteFunc(slices.Clone(x.deliveries), func(d change.Delivery) bool { return x.handled[d.GUID] })
	return left[:min(len(left), limit)], nil
}

func (x *exchange) Handled(_ context.Context, list []change.Delivery) error {
	for _, d := range list {
		x.handled[d.GUID] = true
	}
	return nil
}

func (x *exchange) PullState(k change.PullKey) change.PullState { return x.own[k.RepositoryID] }

func (x *exchange) PinsIn(context.Context, int64) ([]change.Pin, error) { return x.pins, nil }

func (x *exchange) Untold(context.Context) ([]change.PullKey, error) { return x.untold, nil }

func (x *exchange) Repositories(context.Context) ([]proposal.Repository, error) { return x.served, nil }

func (x *exchange) Repository(_ context.Context, id int64) (proposal.Repository, error) {
	i := slices.IndexFunc(x.served, func(r proposal.Repository) bool { return r.ID == id })
	if i < 0 {
		return proposal.Repository{}, change.Denied("repository %d is not served", id)
	}
	return x.served[i], nil
}

func (x *exchange) Deliveries(context.Context, time.Time) ([]proposal.Delivery, error) {
	return x.sent, nil
}

func (x *exchange) Redeliver(_ context.Context, id int64) error {
	x.again = append(x.again, id)
	return nil
}

func (x *exchange) poke(_ context.Context, k change.PullKey, _ string) error {
	if x.deaf != nil {
		return x.deaf
	}
	x.poked = append(x.poked, k.String())
	return nil
}

// journal tells the two methods apart that ledger and GitHub have under one name.
type journal struct{ *exchange }

func (j journal) Pull(_ context.Context, k change.PullKey) (change.PullState, error) {
	return j.PullState(k), nil
}

func (j journal) Pulls(context.Context, int64) ([]change.PullState, error) { return j.known, nil }

type forge struct{ *exchange }

func (f forge) Pulls(context.Context, proposal.Repository) ([]proposal.Pull, error) {
	return f.open, nil
}

func (f forge) Pull(context.Context, proposal.Repository, int) (proposal.Pull, error) {
	return proposal.Pull{}, errors.New("the dispatcher has nothing to look at itself")
}

func dispatcher(x *exchange) *Dispatcher {
	quiet, _ := logtest.NewNullLogger()
	x.handled = map[string]bool{}
	return NewDispatcher(Dispatcher{
		Forge: forge{x}, Journal: journal{x}, Poke: x.poke, Every: time.Hour, Clock: func() time.Time { return noon }, Log: logrus.NewEntry(quiet),
	})
}

func TestWhomADeliveryConcerns(t *testing.T) {
	known := []change.PullState{
		{PullKey: change.PullKey{RepositoryID: 7, Number: 3}, Open: true, Base: "main@a"},
		{PullKey: change.PullKey{RepositoryID: 7, Number: 4}, Open: true, Base: "next@b"},
		{PullKey: change.PullKey{RepositoryID: 7, Number: 5}, Base: "next@b"},
	}
	tests := map[string]struct {
		delivery change.Delivery
		want     []string
	}{
		"a pull request":                {change.Delivery{RepositoryID: 7, Event: "pull_request", Pulls: []int{9}}, []string{"7/9"}},
		"a check of two":                {change.Delivery{RepositoryID: 7, Event: "check_suite", Pulls: []int{9, 8}}, []string{"7/9", "7/8"}},
		"a push to the default branch":  {change.Delivery{RepositoryID: 7, Event: "push", Branch: "main"}, []string{"7/0"}},
		"a push to another base branch": {change.Delivery{RepositoryID: 7, Event: "push", Branch: "next"}, []string{"7/0", "7/4"}},
		"an installation":               {change.Delivery{Event: "installation"}, []string{"8/0"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x := &exchange{
				known: known, own: map[int64]change.PullState{7: {Base: "main@a"}},
				served: []proposal.Repository{{ID: 7}}, pins: []change.Pin{{PullKey: change.PullKey{RepositoryID: 8, Number: 1}}},
			}
			d := dispatcher(x)
			tt.delivery.GUID = "g"
			if err := d.Accept(t.Context(), tt.delivery); err != nil {
				t.Fatal(err)
			}
			if err := d.deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, x.poked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeliveriesOfOneMomentAreOnePoke(t *testing.T) {
	x := &exchange{}
	d := dispatcher(x)
	for _, guid := range []string{"a", "b", "a", "c"} {
		if err := d.Accept(t.Context(), change.Delivery{GUID: guid, RepositoryID: 7, Event: "pull_request", Pulls: []int{3}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.deliver(t.Context()); err != nil || !slices.Equal(x.poked, []string{"7/3"}) {
		t.Errorf("poked %v, %v", x.poked, err)
	}
}

func TestADeliveryIsToldOfUntilSomebodyHearsIt(t *testing.T) {
	x := &exchange{deaf: errors.New("Temporal is away")}
	d := dispatcher(x)
	if err := d.Accept(t.Context(), change.Delivery{GUID: "a", RepositoryID: 7, Event: "pull_request", Pulls: []int{3}}); err != nil {
		t.Fatal(err)
	}
	if err := d.deliver(t.Context()); err == nil {
		t.Fatal("nobody heard, and it is no error")
	}
	x.deaf = nil
	if err := d.deliver(t.Context()); err != nil || !slices.Equal(x.poked, []string{"7/3"}) {
		t.Errorf("poked %v, %v", x.poked, err)
	}
}

func TestAComparisonPokesWhatDiffers(t *testing.T) {
	at := func(n int, head, base string, updated time.Time) proposal.Pull {
		return proposal.Pull{Number: n, Head: proposal.Branch{SHA: head}, Base: proposal.Branch{Ref: base}, UpdatedAt: updated}
	}
	kept := func(n int, open bool, head, base string, updated time.Time) change.PullState {
		return change.PullState{PullKey: change.PullKey{RepositoryID: 7, Number: n}, Open: open, Head: head, Base: base + "@x", UpdatedAt: updated}
	}
	x := &exchange{
		served: []proposal.Repository{{ID: 7, Owner: "n", Name: "o"}},
		open: []proposal.Pull{
			at(1, "h", "main", noon), at(2, "new", "main", noon), at(3, "h", "next", noon), at(4, "h", "main", noon.Add(time.Second)), at(5, "h", "main", noon),
		},
		known: []change.PullState{
			kept(1, true, "h", "main", noon), kept(2, true, "old", "main", noon), kept(3, true, "h", "main", noon),
			kept(4, true, "h", "main", noon), kept(6, true, "h", "main", noon), kept(7, false, "h", "main", noon),
		},
		sent: []proposal.Delivery{{ID: 1, GUID: "a", Status: 500}, {ID: 2, GUID: "b", Status: 202}, {ID: 3, GUID: "b", Status: 0}, {ID: 4, GUID: "a", Status: 0}, {ID: 5, GUID: "c", Status: 0}},
	}
	if err := dispatcher(x).Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(x.poked)
	// 1 is as it was seen, 7 was seen closed; 6 is closed now, 5 is new.
	if diff := cmp.Diff([]string{"7/0", "7/2", "7/3", "7/4", "7/5", "7/6"}, x.poked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1, 5}, x.again); diff != "" {
		t.Errorf("deliveries sent again: %s", diff)
	}
}

func TestMovedChangesAreToldWhereTheyComeFrom(t *testing.T) {
	x := &exchange{untold: []change.PullKey{{RepositoryID: 7, Number: 3}}}
	if err := dispatcher(x).tellMoved(t.Context()); err != nil || !slices.Equal(x.poked, []string{"7/3"}) {
		t.Errorf("poked %v, %v", x.poked, err)
	}
}
