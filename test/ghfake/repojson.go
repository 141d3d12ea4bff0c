package ghfake

import "fmt"

// url is the repository's address in the API, html that for people.
func (r *Repo) url() string  { return r.s.url + "/repos/" + r.FullName() }
func (r *Repo) html() string { return r.s.url + "/" + r.FullName() }

func (r *Repo) json() object {
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	out := object{
		"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private,
		"owner": r.s.userJSON(r.Owner), "default_branch": r.DefaultBranch, "fork": r.Parent != nil, "visibility": visibility,
		"html_url": r.html(), "url": r.url(), "clone_url": r.html() + ".git", "git_url": "git" + r.html()[len("http"):] + ".git",
		"created_at": stamp(birth), "updated_at": stamp(birth), "pushed_at": stamp(birth), "license": nil, "topics": []any{},
		"description": nil, "homepage": nil, "language": nil, "mirror_url": nil, "has_issues": true, "archived": false, "disabled": false,
		"allow_merge_commit": true, "allow_squash_merge": true, "allow_rebase_merge": true, "web_commit_signoff_required": false,
	}
	for _, of := range []string{
		"pulls", "commits", "branches", "compare", "contents", "deployments", "issues", "trees", "blobs", "statuses", "hooks",
		"events", "forks", "keys", "labels", "languages", "merges", "milestones", "notifications", "releases", "tags", "teams",
		"subscribers", "stargazers", "contributors", "downloads", "comments", "collaborators", "assignees", "archive",
	} {
		out[of+"_url"] = r.url() + "/" + of
	}
	return out
}
