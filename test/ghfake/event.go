package ghfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// emit sends an event of a repository to the App, where it is installed, not
// suspended, and subscribed.
func (s *Server) emit(r *Repo, event, action string, sender *User, fields object) {
	if !s.hears(r) {
		return
	}
	i := s.installationOf(r)
	if len(s.options.Events) > 0 && !slices.Contains(s.options.Events, event) {
		return
	}
	payload := with(fields, object{
		"repository": r.json(), "sender": s.userJSON(sender), "installation": object{"id": i.ID, "node_id": fmt.Sprintf("I_%d", i.ID)},
	})
	if r.Owner.Type == "Organization" {
		payload["organization"] = s.organizationJSON(r.Owner)
	}
	s.send(event, action, payload, i.ID, r.ID)
}

// hears reports whether anybody is told of what happens in a repository.
func (s *Server) hears(r *Repo) bool {
	i := s.installationOf(r)
	return s.hook != nil && s.hook.url != "" && i != nil && i.suspended.IsZero()
}

// emitTo sends an event of an installation, which no App can go without.
func (s *Server) emitTo(i *Installation, event, action string, sender *User, fields object) {
	payload := with(fields, object{"installation": i.json(), "sender": s.userJSON(sender)})
	s.send(event, action, payload, i.ID, 0)
}

// Ping sends the event that GitHub sends when a webhook is set up.
func (s *Server) Ping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send("ping", "", object{
		"zen": "Keep it logically awesome.", "hook_id": s.nextID(),
		"hook": object{"type": "App", "id": s.lastID, "name": "web", "active": true, "app_id": s.app.ID, "events": []any{"push"}},
	}, 0, 0)
}

// send completes a payload by its schema and hands it to the hook. Without an address
// the event is lost, as with a webhook that is not active.
func (s *Server) send(event, action string, payload object, installation, repo int64) {
	if s.hook == nil || s.hook.url == "" {
		return
	}
	if action != "" {
		payload["action"] = action
	}
	body, err := json.Marshal(s.shape(event, action, payload))
	if err != nil {
		s.violate("event %s %s: %v", event, action, err)
		return
	}
	s.hook.add(&delivery{
		id: s.nextID(), guid: guid(), event: event, action: action, installation: installation, repo: repo, payload: body,
	})
}

func (s *Server) shape(event, action string, payload object) any {
	name := "webhook-" + strings.ReplaceAll(event, "_", "-")
	if action != "" {
		name += "-" + strings.ReplaceAll(action, "_", "-")
	}
	doc, err := description()
	if err != nil {
		return payload
	}
	schema := doc.Components.Schemas[name]
	if schema == nil {
		s.violate("event %s %s: the description has no schema %s", event, action, name)
		return payload
	}
	full := fill(schema, payload)
	if !s.options.Unchecked {
		if err := fits(schema, full); err != nil {
			s.violate("event %s %s: %v", event, action, err)
		}
	}
	return full
}
