package ghfake

import (
	"fmt"
	"maps"
)

// json renders a pull request as lists have it; detailed adds what one alone has.
func (p *Pull) json(v PullState) object {
	r, s := p.Repo, p.Repo.s
	at, page := fmt.Sprintf("%s/pulls/%d", r.url(), p.Number), fmt.Sprintf("%s/pull/%d", r.html(), p.Number)
	issue := fmt.Sprintf("%s/issues/%d", r.url(), p.Number)
	state := "closed"
	if v.Open {
		state = "open"
	}
	out := object{
		"id": p.id, "node_id": fmt.Sprintf("PR_%d", p.id), "number": p.Number, "state": state, "title": v.Title, "body": orNull(v.Body),
		"user": s.userJSON(v.Author), "draft": v.Draft, "locked": false, "labels": []any{}, "author_association": "CONTRIBUTOR",
		"assignees": []any{}, "requested_reviewers": []any{}, "requested_teams": []any{},
		"created_at": stamp(v.Created), "updated_at": stamp(v.Updated), "closed_at": stamp(v.Closed), "merged_at": nil,
		"merge_commit_sha": orNull(p.trial.commit), "html_url": page,
		"head": p.end(v.HeadRepo, v.HeadRef, v.HeadSHA), "base": p.end(r, v.BaseRef, v.BaseSHA),
		"diff_url": page + ".diff", "patch_url": page + ".patch",
		"_links": object{
			"self": link(at), "html": link(page), "issue": link(issue), "comments": link(issue + "/comments"),
			"review_comments": link(at + "/comments"), "review_comment": link(r.url() + "/pulls/comments{/number}"),
			"commits": link(at + "/commits"), "statuses": link(r.url() + "/statuses/" + v.HeadSHA),
		},
	}
	maps.Copy(out, object{
		"url": at, "issue_url": issue, "comments_url": issue + "/comments", "review_comments_url": at + "/comments",
		"review_comment_url": r.url() + "/pulls/comments{/number}", "commits_url": at + "/commits",
		"statuses_url": r.url() + "/statuses/" + v.HeadSHA,
	})
	if v.Merged {
		out["merged_at"], out["merge_commit_sha"] = stamp(v.Closed), v.MergeCommit
	}
	return out
}

func link(href string) object { return object{"href": href} }

// end renders the head or the base. A repository that is gone is null.
func (p *Pull) end(r *Repo, ref, sha string) object {
	out := object{"label": "unknown:" + ref, "ref": ref, "sha": sha, "user": p.Repo.s.userJSON(ghost), "repo": nil}
	if !r.gone {
		out["label"], out["user"], out["repo"] = r.Owner.Login+":"+ref, p.Repo.s.userJSON(r.Owner), r.json()
	}
	return out
}

// detailed adds what GitHub tells only of a pull request that is asked for alone.
func (p *Pull) detailed(v PullState) (object, error) {
	if !v.Open {
		return p.counted(v)
	}
	t := p.try(v)
	out, err := p.counted(v)
	if err != nil {
		return nil, err
	}
	out["mergeable"], out["rebaseable"] = t.commit != "", t.commit != ""
	out["mergeable_state"] = p.mergeableState(v, t)
	return out, nil
}

// counted adds what has to be counted.
func (p *Pull) counted(v PullState) (object, error) {
	out := p.json(v)
	mergeBase, err := p.Repo.compare(v.BaseSHA, v.HeadSHA)
	if err != nil {
		return nil, err
	}
	files, err := p.Repo.diff(mergeBase.mergeBase, v.HeadSHA)
	if err != nil {
		return nil, err
	}
	added, removed := 0, 0
	for _, f := range files {
		added, removed = added+f.added, removed+f.removed
	}
	maps.Copy(out, object{
		"merged": v.Merged, "merged_by": p.Repo.s.userJSON(v.MergedBy), "mergeable": nil, "rebaseable": nil,
		"mergeable_state": "unknown", "comments": len(p.Repo.conversation(p.Number)), "review_comments": 0,
		"commits": len(mergeBase.commits), "additions": added, "deletions": removed, "changed_files": len(files),
		"maintainer_can_modify": false,
	})
	return out, nil
}

// emit sends a pull_request event. At that moment GitHub does not know yet whether the
// pull request can be merged.
func (p *Pull) emit(action string, by *User, more object) {
	if !p.Repo.s.hears(p.Repo) {
		return
	}
	pull, err := p.counted(p.record.now)
	if err != nil {
		pull = p.json(p.record.now)
	}
	p.Repo.s.emit(p.Repo, "pull_request", action, by, with(object{"number": p.Number, "pull_request": pull}, more))
}
