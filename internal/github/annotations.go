package github

import (
	"context"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/proposal"
)

// maxAnnotations is how many annotations GitHub takes in one request.
const maxAnnotations = 50

// The longest title and message of an annotation, in bytes.
const (
	maxNoteTitle = 255
	maxNote      = 64 << 10
)

// annotationOf translates an annotation. Columns are for one line only, as GitHub
// wants it.
func annotationOf(a proposal.Annotation) *gh.CheckRunAnnotation {
	line := max(a.Line, 1)
	n := &gh.CheckRunAnnotation{
		Path: gh.String(a.Path), StartLine: gh.Int(line), EndLine: gh.Int(line), AnnotationLevel: gh.String(a.Level),
		Title: some(cut(a.Title, maxNoteTitle, "...")), Message: gh.String(cut(a.Message, maxNote, "...")),
	}
	if a.Column > 0 {
		n.StartColumn, n.EndColumn = gh.Int(a.Column), gh.Int(a.Column)
	}
	return n
}

// split takes off as many as fit into one request.
func split(notes []*gh.CheckRunAnnotation) (first, rest []*gh.CheckRunAnnotation) {
	n := min(len(notes), maxAnnotations)
	return notes[:n], notes[n:]
}

// annotations returns those that a check run has.
func (c *Client) annotations(ctx context.Context, r proposal.Repository, run int64) (found []*gh.CheckRunAnnotation, err error) {
	err = c.on(ctx, r, "list the annotations of a check", func(api *gh.Client) (err error) {
		found, err = pages(func(p gh.ListOptions) ([]*gh.CheckRunAnnotation, *gh.Response, error) {
			return api.Checks.ListCheckRunAnnotations(ctx, r.Owner, r.Name, run, &p)
		})
		return err
	})
	return found, err
}

// note is what makes two annotations the same.
type note struct {
	path, level, title, message string
	line, column                int
}

func noteOf(a *gh.CheckRunAnnotation) note {
	return note{a.GetPath(), a.GetAnnotationLevel(), a.GetTitle(), a.GetMessage(), a.GetStartLine(), a.GetStartColumn()}
}

// without returns the annotations that a run does not have yet.
func without(notes, has []*gh.CheckRunAnnotation) []*gh.CheckRunAnnotation {
	had := map[note]bool{}
	for _, a := range has {
		had[noteOf(a)] = true
	}
	var fresh []*gh.CheckRunAnnotation
	for _, a := range notes {
		if !had[noteOf(a)] {
			fresh = append(fresh, a)
		}
	}
	return fresh
}
