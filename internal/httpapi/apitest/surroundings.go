package apitest

import (
	"context"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

// Surroundings is what the Service answers about who else is playing, and when.
type Surroundings struct {
	Free         []change.Window // what Slots answers
	Playing      change.Sandbox
	Maintenances []change.MaintenanceWindow
	Openings     httpapi.OpenTimes
	Frozen       []change.Freeze
	Freeze       httpapi.FreezeAnswer // what AddFreeze and LiftFreeze answer
	Declared     []change.Declaration
	Declares     httpapi.DeclareAnswer // what Declare, Redeclare and Withdraw answer
	Takes        httpapi.ImportAnswer  // what Import answers
	Breaks       httpapi.BreakAnswer
}

// Slots answers Free.
func (s *Service) Slots(_ context.Context, who change.Person, q httpapi.SlotsQuery) ([]change.Window, error) {
	return answer(s, func() []change.Window { return s.Free }, "Slots", who.Ref, q)
}

// Sandbox answers Playing.
func (s *Service) Sandbox(_ context.Context, of string) (change.Sandbox, error) {
	return answer(s, func() change.Sandbox { return s.Playing }, "Sandbox", of)
}

// Windows answers Maintenances.
func (s *Service) Windows(_ context.Context, system change.Ref) ([]change.MaintenanceWindow, error) {
	return answer(s, func() []change.MaintenanceWindow { return s.Maintenances }, "Windows", system)
}

// Open answers Openings.
func (s *Service) Open(_ context.Context, systems []change.Ref, from, to time.Time) (httpapi.OpenTimes, error) {
	return answer(s, func() httpapi.OpenTimes { return s.Openings }, "Open", systems, from, to)
}

// Freezes answers Frozen.
func (s *Service) Freezes(_ context.Context, f httpapi.FreezeFilter) ([]change.Freeze, error) {
	return answer(s, func() []change.Freeze { return s.Frozen }, "Freezes", f)
}

// AddFreeze answers Freeze.
func (s *Service) AddFreeze(_ context.Context, who change.Person, req httpapi.FreezeRequest) (httpapi.FreezeAnswer, error) {
	return answer(s, func() httpapi.FreezeAnswer { return s.Freeze }, "AddFreeze", who.Ref, req)
}

// LiftFreeze answers Freeze.
func (s *Service) LiftFreeze(_ context.Context, who change.Person, id change.ID, reason string) (httpapi.FreezeAnswer, error) {
	return answer(s, func() httpapi.FreezeAnswer { return s.Freeze }, "LiftFreeze", who.Ref, id, reason)
}

// Declarations answers Declared.
func (s *Service) Declarations(_ context.Context, f httpapi.DeclarationFilter) ([]change.Declaration, error) {
	return answer(s, func() []change.Declaration { return s.Declared }, "Declarations", f)
}

// Declaration answers out of Declared.
func (s *Service) Declaration(_ context.Context, id change.ID) (change.Declaration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called("Declaration", id); err != nil {
		return change.Declaration{}, err
	}
	for _, d := range s.Declared {
		if d.ID == id {
			return d, nil
		}
	}
	return change.Declaration{}, change.NotFound("there is no declared maintenance %s", id).WithHint("changectl declare list shows them")
}

// Declare answers Declares.
func (s *Service) Declare(_ context.Context, who change.Person, req httpapi.DeclareRequest) (httpapi.DeclareAnswer, error) {
	return answer(s, func() httpapi.DeclareAnswer { return s.Declares }, "Declare", who.Ref, req)
}

// Redeclare answers Declares.
func (s *Service) Redeclare(_ context.Context, who change.Person, id change.ID, req httpapi.DeclareRequest) (httpapi.DeclareAnswer, error) {
	return answer(s, func() httpapi.DeclareAnswer { return s.Declares }, "Redeclare", who.Ref, id, req)
}

// Withdraw answers Declares.
func (s *Service) Withdraw(_ context.Context, who change.Person, id change.ID, reason string) (httpapi.DeclareAnswer, error) {
	return answer(s, func() httpapi.DeclareAnswer { return s.Declares }, "Withdraw", who.Ref, id, reason)
}

// Import answers Takes.
func (s *Service) Import(_ context.Context, who change.Person, req httpapi.ImportRequest) (httpapi.ImportAnswer, error) {
	return answer(s, func() httpapi.ImportAnswer { return s.Takes }, "Import", who.Ref, req)
}

// BreakClaim answers Breaks.
func (s *Service) BreakClaim(_ context.Context, who change.Person, id change.ID, st change.SignedStatement) (httpapi.BreakAnswer, error) {
	return answer(s, func() httpapi.BreakAnswer { return s.Breaks }, "BreakClaim", who.Ref, id, st)
}
