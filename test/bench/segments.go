package main

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// segments says where the time of a workflow goes between two of its activities,
// by the server's own times.
type segments struct {
	activity []time.Duration // from its scheduling to its end: in the product gate, work and record
	dispatch []time.Duration // until a worker has the workflow task that follows
	decision []time.Duration // until the server has the answer to that
}

// gather adds the segments of a history. Workflow tasks without an activity before
// them are left out.
func (s *segments) gather(history []*historypb.HistoryEvent) {
	var scheduled, task, started time.Time
	for _, e := range history {
		switch e.GetEventType() { //nolint:exhaustive // of some fifty types these matter
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			scheduled = at(e)
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			s.activity = append(s.activity, at(e).Sub(scheduled))
			task = at(e)
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
			if !task.IsZero() {
				s.dispatch = append(s.dispatch, at(e).Sub(task))
				started = at(e)
			}
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			if !started.IsZero() {
				s.decision = append(s.decision, at(e).Sub(started))
				task, started = time.Time{}, time.Time{}
			}
		}
	}
}
