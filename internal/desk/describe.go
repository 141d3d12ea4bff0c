package desk

import (
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/runbook"
)

// describe is a runbook as the API shows it.
func describe(b *runbook.Runbook, source change.Source) httpapi.RunbookInfo {
	i := b.Info()
	info := httpapi.RunbookInfo{Name: i.Name, Title: i.Title, Owner: i.Owner, Path: source.Path, Digest: source.Digest}
	for _, p := range i.Parameters {
		info.Parameters = append(info.Parameters, httpapi.RunbookParameter{
			Name: p.Name, Type: p.Type, Title: p.Title, Required: p.Required, Default: p.Default,
		})
	}
	for _, s := range i.Steps {
		info.Steps = append(info.Steps, httpapi.RunbookStep(s))
	}
	return info
}
