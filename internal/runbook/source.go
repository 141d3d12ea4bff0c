package runbook

import "github.com/changectl/changectl/internal/change"

// Named parses the runbook that changes call by a name, from the file that is said to
// hold it, with what a plan keeps of where it came from. The errors are Invalid.
func Named(name, file string, b []byte) (*Runbook, change.Source, error) {
	book, err := Parse(file, b)
	if err != nil {
		return nil, change.Source{}, change.Invalid("the runbook cannot be used: %w", err).At("spec.runbook")
	}
	i := book.Info()
	if i.Name != name {
		return nil, change.Source{}, change.Invalid("%s names itself %q; file and metadata.name must agree", file, i.Name).At("spec.runbook")
	}
	return book, change.Source{Name: i.Name, Title: i.Title, Owner: i.Owner, Path: file, Digest: change.DigestOf(b)}, nil
}
