package cli

import (
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/internal/request"
	"github.com/changectl/changectl/internal/runbook"
)

// The kinds of files that no package of ours names.
const (
	repositoryKind = "Repository"
	policyKind     = "Policy"
)

// check reads a file by what it says that it is.
func (v *validated) check(b []byte) error {
	d, err := document.One(v.File, b)
	if err != nil {
		return err
	}
	if n, ok := d.Find("kind"); ok {
		v.Kind = n.Value
	}
	switch v.Kind {
	case runbook.KindName:
		r, err := runbook.Parse(v.File, b)
		if err != nil {
			return err
		}
		v.Name = r.Info().Name
		return nil
	case request.Kind:
		r, _, err := request.Parse(v.File, b)
		v.Name = r.Title
		return err
	case request.FreezeKind:
		f, _, err := request.ParseFreeze(v.File, b)
		v.Name = f.Title
		return err
	case repositoryKind:
		l, err := proposal.ParseLayout(v.File, b)
		v.Name = l.Instance
		return err
	case policyKind:
		if n, ok := d.Find("metadata.name"); ok {
			v.Name = n.Value
		}
		return v.policy(b)
	}
	return d.Field("kind", "is %q; expected %s, %s, %s, %s or %s (a catalog is checked by changectl catalog check)",
		v.Kind, runbook.KindName, request.Kind, request.FreezeKind, policyKind, repositoryKind)
}

// policy reads a policy as it is read out of a repository.
func (v *validated) policy(b []byte) error {
	const file = "policy.yaml" // the path of a repository's file, which that of ours need not be
	tree := []proposal.Entry{{Path: file, Mode: "100644", Blob: "it", Size: int64(len(b))}}
	_, err := proposal.LoadPolicy(proposal.Layout{Policy: file}, tree, func(proposal.Entry) ([]byte, error) { return b, nil })
	for _, p := range document.Problems(err) {
		p.File = v.File
	}
	return err
}
