package schedule

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// skip takes out what a recurrence lists as exceptions. A local start must be that of
// an occurrence, lest a slip leave a window open that was to be closed. A whole
// date need not: a list of holidays serves many recurrences.
func (r *Recurring) skip(except []string) error {
	if len(except) > mostExceptions {
		return change.Invalid("has %d entries; the most is %d", len(except), mostExceptions).At(recurExcept).
			WithHint("drop those that are past")
	}
	skipped := make(map[time.Time]bool, len(except))
	for _, text := range except {
		at, err := r.exception(text)
		if err != nil {
			return err
		}
		skipped[at] = true
	}
	if r.skipped = skipped; !r.happens() {
		return change.Invalid("takes out every occurrence").At(recurExcept).
			WithHint("leave one, or drop the recurrence")
	}
	return nil
}

// exception reads one of the exceptions: a local start, or the midnight that
// stands for a whole date.
func (r *Recurring) exception(text string) (time.Time, error) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		return date, nil
	}
	wall, ok := readLocal(text)
	if !ok || len(text) > longestText {
		return time.Time{}, change.Invalid("%q is neither a local date nor a local date and time", text[:min(len(text), 40)]).
			At(recurExcept).WithHint("write for example 2027-12-25 or 2027-12-25T22:00")
	}
	for local := range r.series.from(wall) {
		if local.Equal(wall) {
			return wall, nil
		}
		return time.Time{}, change.Invalid("nothing starts at %s; the next start is %s", text, local.Format(localLayouts[0])).
			At(recurExcept).WithHint("correct it, or give the date alone")
	}
	return time.Time{}, change.Invalid("nothing starts at %s or later", text).At(recurExcept).WithHint("drop it")
}
