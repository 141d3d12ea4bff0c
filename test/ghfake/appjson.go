package ghfake

import (
	"fmt"
	"maps"
	"slices"
)

func (s *Server) appJSON() object {
	a := s.app
	permissions := object{}
	for k, v := range DefaultPermissions() {
		permissions[k] = v
	}
	return object{
		"id": a.ID, "slug": a.Slug, "node_id": fmt.Sprintf("A_%d", a.ID), "name": a.Slug, "client_id": fmt.Sprintf("Iv1.%016x", a.ID),
		"owner": s.userJSON(s.users[0]), "description": "", "external_url": s.url, "html_url": s.url + "/apps/" + a.Slug,
		"created_at": stamp(birth), "updated_at": stamp(birth), "permissions": permissions, "events": s.events(),
		"installations_count": len(s.installations),
	}
}

// appByID renders the App, or one of which only the number is known.
func (s *Server) appByID(id int64) any {
	if id == s.app.ID {
		return s.appJSON()
	}
	name := fmt.Sprintf("app-%d", id)
	return with(s.appJSON(), object{"id": id, "slug": name, "name": name, "html_url": s.url + "/apps/" + name})
}

// viaApp is the App where its bot did something, null otherwise.
func (s *Server) viaApp(by *User) any {
	if by == s.app.Bot {
		return s.appJSON()
	}
	return nil
}

func (s *Server) events() []any {
	out := []any{}
	for _, e := range s.options.Events {
		out = append(out, e)
	}
	return out
}

func (i *Installation) json() object {
	at := fmt.Sprintf("%s/app/installations/%d", i.s.url, i.ID)
	permissions := object{}
	for _, k := range slices.Sorted(maps.Keys(i.permissions)) {
		permissions[k] = i.permissions[k]
	}
	return object{
		"id": i.ID, "account": i.s.userJSON(i.Account), "app_id": i.s.app.ID, "app_slug": i.s.app.Slug, "target_id": i.Account.ID,
		"target_type": i.Account.Type, "repository_selection": "selected", "permissions": permissions, "events": i.s.events(),
		"access_tokens_url": at + "/access_tokens", "repositories_url": i.s.url + "/installation/repositories",
		"html_url": fmt.Sprintf("%s/settings/installations/%d", i.s.url, i.ID), "created_at": stamp(birth), "updated_at": stamp(birth),
		"suspended_at": stamp(i.suspended), "suspended_by": i.s.userJSON(i.by), "single_file_name": nil,
	}
}
