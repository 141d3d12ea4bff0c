package pullrequest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/workflows"
)

// lookAt is one look at a pull request.
type lookAt struct {
	*Counter
	key     change.PullKey
	repo    proposal.Repository
	pull    proposal.Pull
	kept    change.PullState
	state   state
	pins    []change.Pin  // of this pull request, ended ones too
	pending []change.Pin  // of the repository, not started
	entries []audit.Entry // for the log, with what is kept
	view    proposal.View
	checks  []proposal.Check
	// quiet leaves the conversation alone: the pull request is none of our business.
	quiet bool
	// aside says that nothing in it is governed.
	aside bool
	done  bool
	again time.Duration
}

// open begins a look.
func (c *Counter) open(ctx context.Context, repo proposal.Repository, k change.PullKey) (*lookAt, error) {
	l := &lookAt{Counter: c, key: k, repo: repo}
	var err error
	if l.kept, err = c.Ledger.Pull(ctx, k); err != nil {
		return nil, err
	}
	if l.state, err = readState(l.kept); err != nil {
		return nil, err
	}
	if l.pins, err = c.Ledger.PinsOf(ctx, k); err != nil {
		return nil, err
	}
	if l.pending, err = c.Ledger.PinsIn(ctx, repo.ID); err != nil {
		return nil, err
	}
	if l.pull, err = c.Forge.Pull(ctx, repo, k.Number); err != nil {
		return nil, err
	}
	l.view = proposal.View{
		Repository: repo.FullName(), Number: k.Number, Base: l.pull.Base.Ref, Head: l.pull.Head.SHA, Instance: c.Instance,
		Server: c.Links.Server, Phase: proposal.PhaseOpen,
	}
	return l, nil
}

// keep writes down what was seen and done, with the entries for the log, at the end of a
// look.
func (l *lookAt) keep(ctx context.Context) error { return l.keepAsOf(ctx, l.pull.UpdatedAt) }

// keepBetween is keep in the middle of a look: a comparison with GitHub still finds that
// the pull request has to be looked at, should nobody come to the end of this look.
func (l *lookAt) keepBetween(ctx context.Context) error { return l.keepAsOf(ctx, time.Time{}) }

func (l *lookAt) keepAsOf(ctx context.Context, updated time.Time) error {
	b, err := json.Marshal(l.state)
	if err != nil {
		return fmt.Errorf("encode what is kept of pull request %s: %w", l.key, err)
	}
	s := l.kept
	s.Open, s.Head, s.Base, s.UpdatedAt, s.State = l.pull.Open && !l.aside, l.pull.Head.SHA, l.base(), updated, b
	if err := l.Ledger.KeepPull(ctx, s, l.entries...); err != nil {
		return err
	}
	l.kept.Version++
	l.entries = nil
	return nil
}

// base names the branch and where it was.
func (l *lookAt) base() string { return l.pull.Base.Ref + "@" + l.pull.Base.SHA }

// note adds an entry for the log.
func (l *lookAt) note(kind string, who change.Ref, what, why string, digests map[string]string) {
	l.entries = append(l.entries, audit.Entry{
		Kind: kind, Who: who, What: what + " " + l.name(), Why: why, Digests: digests,
	})
}

func (l *lookAt) name() string { return fmt.Sprintf("%s#%d", l.repo.FullName(), l.key.Number) }

// once looks again a moment later: GitHub does not show yet what it will.
func (l *lookAt) once(after time.Duration) {
	if l.again == 0 || after < l.again {
		l.again = after
	}
}

// read returns the bytes of files by their blobs.
func (l *lookAt) read(ctx context.Context) func(proposal.Entry) ([]byte, error) {
	return func(e proposal.Entry) ([]byte, error) { return l.Forge.Blob(ctx, l.repo, e.Blob) }
}

func (l *lookAt) viewForTemporal() workflows.PullView {
	details := "Nothing in it is changectl's business."
	if !l.aside {
		details = strings.TrimPrefix(proposal.CommentText(l.view), proposal.Marker)
	}
	return workflows.PullView{
		Title: l.name() + ": " + l.pull.Title, Details: details, Done: l.done, Again: change.Duration(l.again),
	}
}

var markdown = strings.NewReplacer("<", "&lt;", "*", "\\*", "`", "'", "[", "\\[", "\n", " ", "_", "\\_", "@", "@\u200b")

// plain keeps a message from being read as Markdown.
func plain(s string) string { return markdown.Replace(s) }
