package cli

import (
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/report"
)

// text is the status for people.
func (s pullStatus) text(env *Env) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s#%d  %s\n", s.Repository, s.Number, report.OneLine(s.Title))
	for _, f := range [][2]string{{"State", s.standing()}, {"Head", s.head()}, {"Address", s.URL}} {
		fmt.Fprintf(&b, "%-9s %s\n", f[0], report.OneLine(f[1]))
	}
	b.WriteString("\n" + s.checks(env) + "\n" + s.reviews(env))
	if len(s.Changes) > 0 {
		b.WriteString("\n" + env.table(report.Changes(s.Changes)))
	}
	return b.String()
}

func (s pullStatus) standing() string {
	text := s.State + ", by " + s.Author
	if s.State == "merged" {
		text += fmt.Sprintf(", merged by %s as %s", s.MergedBy, s.MergeCommit)
	}
	return text
}

func (s pullStatus) head() string { return fmt.Sprintf("%s of %s, into %s", s.Head, s.HeadRef, s.Base) }

func (s pullStatus) checks(env *Env) string {
	if len(s.Checks) == 0 {
		return "The head has no check of changectl.\n"
	}
	t := report.Table{Head: []string{"CHECK", "CONCLUSION", "TITLE"}}
	for _, c := range s.Checks {
		t.Rows = append(t.Rows, []string{c.Name, c.Conclusion, c.Title})
	}
	return env.table(t)
}

func (s pullStatus) reviews(env *Env) string {
	text := "Nobody has reviewed the head.\n"
	if len(s.Reviews) > 0 {
		t := report.Table{Head: []string{"REVIEW OF", "STATE", "AT"}}
		for _, r := range s.Reviews {
			t.Rows = append(t.Rows, []string{r.Login, r.State, r.At.In(env.Local).Format("2006-01-02 15:04 MST")})
		}
		text = env.table(t)
	}
	if s.Earlier > 0 {
		text += fmt.Sprintf("%d of earlier commits, which do not count for this one\n", s.Earlier)
	}
	return text
}
