package runbook

import "github.com/changectl/changectl/internal/change"

// Activity runs a Temporal activity of any worker, written in any language.
type Activity struct {
	Name      string `yaml:"name,required" json:"name"`
	TaskQueue string `yaml:"task-queue,required" json:"task-queue"`
	Args      []any  `yaml:"args" json:"args,omitempty"`
	// Expect is CEL over result, what the activity returned.
	Expect string `yaml:"expect" json:"expect,omitempty"`
	// Heartbeat is how long the activity may be silent, 0s for as long as it likes.
	Heartbeat change.Duration `yaml:"heartbeat" json:"heartbeat,omitzero"`
}

// Systems implements Kind.
func (a *Activity) Systems() []change.Ref { return nil }

// Resumable implements Kind: it runs as a durable workflow of its own, which is
// found again under its name.
func (a *Activity) Resumable() bool { return true }

func (a *Activity) expectation() string { return a.Expect }

func (a *Activity) complete(fail func(string, string, ...any)) {
	if a.Name == "" {
		fail("name", "is empty; expected the name under which a worker registers the activity")
	}
	if a.TaskQueue == "" {
		fail("task-queue", "is empty; expected the task queue of the worker that has the activity")
	}
	if a.Heartbeat < 0 {
		fail("heartbeat", "is %s; expected 0s or more", a.Heartbeat)
	}
}
