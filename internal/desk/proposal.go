package desk

import (
	"context"
	"path"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/runbook"
)

// PreviewProposal compiles and checks what somebody says that a pull request proposes.
// It writes nothing, and the plan names no origin: nobody has looked at GitHub.
func (d *Desk) PreviewProposal(ctx context.Context, who change.Person, p httpapi.ProposalRequest) (httpapi.Preview, error) {
	self, err := d.revised(ctx, p.Origin)
	if err != nil {
		return httpapi.Preview{}, err
	}
	req := p.Request
	req.Nonce = ""
	return d.PreviewDraft(ctx, who, self, Draft{Request: req, Library: proposed{runbooks: p.Runbooks, repository: p.Origin.Repository, own: d.Library}})
}

// revised returns the change of the same file that has not started, or nothing: the pull
// request would revise it, so it is not in the way.
func (d *Desk) revised(ctx context.Context, o httpapi.ProposalOrigin) (change.ID, error) {
	if o.RepositoryID == 0 || o.Path == "" {
		return "", nil
	}
	pins, err := d.Ledger.PinsIn(ctx, o.RepositoryID)
	if err != nil {
		return "", err
	}
	pin, _ := change.Revised(pins, o.Path, o.Base, o.Number)
	return pin.Change, nil
}

// proposed finds runbooks among those that came along, and then the installation's.
type proposed struct {
	runbooks   []httpapi.ProposedRunbook
	repository string
	own        Library
}

// Find returns the runbook of a name.
func (l proposed) Find(name string) (*runbook.Runbook, change.Source, []byte, error) {
	var files []httpapi.ProposedRunbook
	for _, f := range l.runbooks {
		if strings.TrimSuffix(path.Base(f.Path), path.Ext(f.Path)) == name {
			files = append(files, f)
		}
	}
	switch len(files) {
	case 0:
		return l.own.Find(name)
	case 1:
		return l.parse(name, files[0])
	}
	return nil, change.Source{}, nil, change.Invalid("%q is the name of two runbooks, %s and %s", name, files[0].Path, files[1].Path).At("spec.runbook")
}

func (l proposed) parse(name string, f httpapi.ProposedRunbook) (*runbook.Runbook, change.Source, []byte, error) {
	text := []byte(f.YAML)
	book, source, err := runbook.Named(name, f.Path, text)
	source.Repository = l.repository
	return book, source, text, err
}

// List returns the installation's own.
func (l proposed) List() ([]*runbook.Runbook, []change.Source, error) { return l.own.List() }
