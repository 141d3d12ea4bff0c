package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
)

// screen shows the live screen until there is nothing more to watch for.
func (o *watchOptions) screen(ctx context.Context, c *httpapi.Client, rec change.Record) (change.Record, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := tea.NewProgram(&liveModel{o: o, rec: rec, width: 80, height: 24},
		tea.WithContext(ctx), tea.WithInput(o.env.In), tea.WithOutput(o.env.Out), tea.WithoutSignalHandler())
	go func() {
		got, err := o.follow(ctx, c, rec, func(r change.Record) error { p.Send(r); return nil })
		p.Send(over{got, err})
	}()
	end, err := p.Run()
	m, ok := end.(*liveModel)
	if !ok {
		return rec, err
	}
	if err != nil && !errors.Is(err, tea.ErrProgramKilled) {
		return m.rec, err
	}
	return m.rec, m.err
}

// over says that following has ended.
type over struct {
	rec change.Record
	err error
}

type tick time.Time

// liveModel is the state of the live screen.
type liveModel struct {
	o             *watchOptions
	rec           change.Record
	err           error
	width, height int
}

// Init starts the clock of the screen.
func (m *liveModel) Init() tea.Cmd { return beat() }

func beat() tea.Cmd {
	return tea.Tick(250*time.Millisecond, func(t time.Time) tea.Msg { return tick(t) })
}

// Update takes news, keys and the size of the terminal.
func (m *liveModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case change.Record:
		m.rec = msg
	case over:
		m.rec, m.err = msg.rec, msg.err
		return m, tea.Quit
	case tick:
		return m, beat()
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if k := msg.String(); k == "q" || k == "ctrl+c" || k == "esc" {
			return m, tea.Quit
		}
	}
	return m, nil
}

// View draws the screen.
func (m *liveModel) View() tea.View {
	e := m.o.env
	return tea.NewView(liveText(m.rec, e.Now(), m.width, m.height, e.colour(e.Out)))
}

// liveText is the whole live screen as text.
func liveText(rec change.Record, now time.Time, width, height int, coloured bool) string {
	ink := func(c, s string) string {
		if !coloured || c == "" {
			return s
		}
		return c + s + plainC
	}
	var top, bottom []string
	top = append(top,
		ink(bold, fit(fmt.Sprintf("%s  %s", rec.ID, report.OneLine(rec.Plan.Title)), width)),
		ink(bold+colourOf(string(rec.Status)), string(rec.Status))+fit(statusTail(rec, now), width-len(rec.Status)),
		fit("window  "+report.Window(rec.Plan.Window), width))
	if rec.Status == change.Running || (rec.Status == change.Held && rec.Started()) {
		top = append(top, fit("cutoff  "+cutoffLine(rec, now), width))
	}
	if rec.Hold != nil {
		bottom = append(bottom, "", ink(yellow, fit(fmt.Sprintf("held for %s: %s", whole(now.Sub(rec.Hold.Since)), report.OneLine(rec.Hold.Reason)), width)))
		for _, n := range report.Explain(rec, now).Next {
			bottom = append(bottom, fit("  "+n, width))
		}
	}
	for i, w := range waiting(rec, now) {
		if i == 0 {
			bottom = append(bottom, "")
		}
		bottom = append(bottom, fit(w, width))
	}
	if !rec.Status.Final() {
		bottom = append(bottom, "", ink(dim, fit("q leaves; the change goes on", width)))
	}
	for _, l := range around(rec, now, height-len(top)-len(bottom)-shortest) {
		top = append(top, ink(red, fit(l, width)))
	}
	top = append(top, "")
	room := height - len(top) - len(bottom) - 1
	if rec.Status.Final() {
		room -= 2 // for what is written below the last picture
	}
	lines := append(top, liveSteps(rec, now, width, room, coloured)...)
	return strings.Join(append(lines, bottom...), "\n") + "\n"
}

// shortest is how many lines the steps need at least, with the empty ones around them.
const shortest = 8

// around says who else is playing and what has come up, on as many lines as there are.
func around(rec change.Record, now time.Time, room int) []string {
	var lines []string
	if rec.Hold != nil {
		lines = report.NeighbourLines(rec.Hold.Neighbours, now)
	}
	for _, f := range newFindings(change.Record{}, rec) {
		lines = append(lines, report.OneLine(findingLine(f)))
	}
	if room < 1 || len(lines) == 0 {
		return nil
	}
	if len(lines) > room {
		more := fmt.Sprintf("and %d more around it: changectl explain %s", len(lines)-room+1, rec.ID)
		lines = append(lines[:room-1:room-1], more)
	}
	return lines
}

func statusTail(rec change.Record, now time.Time) string {
	switch {
	case rec.Status.Final() && !rec.StartedAt.IsZero() && !rec.EndedAt.IsZero():
		tail := ", after " + report.Took(rec.EndedAt.Sub(rec.StartedAt))
		if rec.Note != "" {
			tail += ": " + report.OneLine(rec.Note)
		}
		return tail
	case !rec.StartedAt.IsZero() && !rec.Status.Final():
		return ", started " + whole(now.Sub(rec.StartedAt)) + " ago"
	case rec.Note != "":
		return ": " + report.OneLine(rec.Note)
	}
	return ""
}

func cutoffLine(rec change.Record, now time.Time) string {
	cut := report.Cutoff(rec).Truncate(time.Second)
	left := cut.Sub(now)
	if left < 0 {
		return fmt.Sprintf("%s has passed: backing out no longer fits in the window", report.Moment(cut, rec.Plan.Window.Zone))
	}
	return fmt.Sprintf("%s, the last moment to begin the way back, in %s", report.Moment(cut, rec.Plan.Window.Zone), whole(left))
}

// whole is a duration in whole seconds, so that it can be read while it runs.
func whole(d time.Duration) string { return report.Took(d.Truncate(time.Second)) }

// waiting says what the change waits for, before it runs.
func waiting(rec change.Record, now time.Time) []string {
	switch rec.Status {
	case change.Submitted, change.AwaitingApproval, change.Scheduled, change.Waiting:
		e := report.Explain(rec, now)
		return []string{"waits for " + report.OneLine(strings.Join(e.Waits, "; ")), "who       " + report.OneLine(e.Who), "until     " + report.OneLine(e.Until)}
	case change.Refused, change.Rejected, change.Running, change.Held, change.BackingOut, change.Completed, change.BackedOut,
		change.Failed, change.Expired, change.Cancelled, change.ReviewDue, change.Closed:
	}
	return nil
}

// liveSteps returns the step table, or the part around the current step where
// there is no room for all.
func liveSteps(rec change.Record, now time.Time, width, room int, coloured bool) []string {
	t := report.Steps(rec, now)
	for i := range t.Rows {
		t.Rows[i][2] = fit(t.Rows[i][2], max(20, width-62))
	}
	lines := strings.Split(strings.TrimRight(t.Text(), "\n"), "\n")
	for i := range lines {
		lines[i] = fit(lines[i], width)
	}
	if coloured {
		for i := 1; i < len(lines); i++ {
			if c := colourOf(t.Rows[i-1][3]); c != "" {
				lines[i] = c + lines[i] + plainC
			}
		}
	}
	if len(lines) <= room || room < 5 {
		return lines
	}
	at, _ := report.Current(rec)
	from := min(max(1, at+1-room/2), len(lines)-(room-2))
	to := min(len(lines), from+room-2)
	shown := append([]string{lines[0]}, lines[from:to]...)
	return append(shown, fmt.Sprintf("   steps %d to %d of %d", from, to-1, len(lines)-1))
}

// fit cuts a line that is longer than the terminal is wide.
func fit(s string, width int) string {
	r := []rune(s)
	if width < 2 || len(r) <= width {
		return s
	}
	return string(r[:width-1]) + "…"
}
