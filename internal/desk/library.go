package desk

import (
	"context"
	"errors"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/runbook"
)

// signers returns who may sign a step off.
func signers(p change.Plan, step string) []change.Ref {
	for _, s := range p.Steps {
		if s.Name != step {
			continue
		}
		kind, err := runbook.Decode(s.Uses, s.With)
		if err != nil {
			return nil
		}
		if so, ok := kind.(*runbook.SignOff); ok {
			return so.By
		}
	}
	return nil
}

// Runbooks lists the runbooks that changes can name.
func (d *Desk) Runbooks(context.Context) ([]httpapi.RunbookInfo, error) {
	books, sources, err := d.Library.List()
	if err != nil {
		return nil, err
	}
	list := make([]httpapi.RunbookInfo, len(books))
	for i, b := range books {
		list[i] = describe(b, sources[i])
	}
	return list, nil
}

// Runbook returns one runbook with its text.
func (d *Desk) Runbook(_ context.Context, name string) (httpapi.RunbookInfo, error) {
	b, source, text, err := d.Library.Find(name)
	var e *change.Error
	if errors.As(err, &e) {
		return httpapi.RunbookInfo{}, e.At("") // nothing was sent in which a field could be wrong
	}
	if err != nil {
		return httpapi.RunbookInfo{}, err
	}
	info := describe(b, source)
	info.YAML = string(text)
	return info, nil
}
