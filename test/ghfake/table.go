package ghfake

import "net/http"

const repos = "/repos/{owner}/{repo}"

// unserved are query parameters that GitHub has and the fake does nothing with: its
// answer would be another than GitHub's.
var unserved = map[string][]string{
	"/app/installations":                  {"since", "outdated"},
	repos + "/activity":                   {"before", "time_period"},
	repos + "/commits":                    {"path", "author", "committer", "since", "until"},
	repos + "/commits/{ref}/check-suites": {"app_id", "check_name"},
}

// routes is everything that is served.
func routes() []route {
	get := func(path, needs string, h handler) route {
		return route{method: http.MethodGet, path: path, needs: needs, status: http.StatusOK, handle: h}
	}
	put := func(method, path, needs string, status int, h handler) route {
		return route{method: method, path: path, needs: needs, status: status, write: true, handle: h}
	}
	issueToken := put("POST", "/app/installations/{installation_id}/access_tokens", "app", 201, (*Server).issue)
	redeliver := put("POST", "/app/hook/deliveries/{delivery_id}/attempts", "app", 202, (*Server).redeliver)
	issueToken.write, redeliver.write = false, false // they make no content
	talk := "pull_requests:write|issues:write"
	return []route{
		issueToken, redeliver,
		get("/app", "app", (*Server).getApp),
		get("/app/hook/deliveries", "app", (*Server).listDeliveries),
		get("/app/hook/deliveries/{delivery_id}", "app", (*Server).getDelivery),
		get("/app/installations", "app", (*Server).listInstallations),
		get("/app/installations/{installation_id}", "app", (*Server).getInstallation),
		get(repos+"/installation", "app", (*Server).repoInstallation),
		get("/installation/repositories", "", (*Server).listRepos),
		get("/rate_limit", "", (*Server).rateLimit),
		get("/user", "", (*Server).whoami),
		get("/user/{account_id}", "", (*Server).userByID),
		get("/users/{username}", "", (*Server).getUser),

		get(repos, "metadata:read", (*Server).getRepo),
		get(repos+"/activity", "contents:read", (*Server).listActivity),
		get(repos+"/branches/{branch}", "contents:read", (*Server).getBranch),
		get(repos+"/collaborators/{username}/permission", "metadata:read", (*Server).getPermission),

		get(repos+"/commits", "contents:read", (*Server).listCommits),
		get(repos+"/commits/{ref}", "contents:read", (*Server).getCommit),
		get(repos+"/commits/{commit_sha}/pulls", "pull_requests:read|contents:read", (*Server).pullsOfCommit),
		get(repos+"/compare/{basehead}", "contents:read", (*Server).getComparison),
		get(repos+"/contents/{path}", "contents:read", (*Server).getContents),
		get(repos+"/git/blobs/{file_sha}", "contents:read", (*Server).getBlob),
		get(repos+"/git/trees/{tree_sha}", "contents:read", (*Server).getTree),

		get(repos+"/pulls", "pull_requests:read", (*Server).listPulls),
		put("POST", repos+"/pulls", "pull_requests:write", 201, (*Server).postPull),
		get(repos+"/pulls/{pull_number}", "pull_requests:read", (*Server).getPull),
		put("PATCH", repos+"/pulls/{pull_number}", "pull_requests:write", 200, (*Server).patchPull),
		get(repos+"/pulls/{pull_number}/commits", "pull_requests:read", (*Server).pullCommits),
		get(repos+"/pulls/{pull_number}/files", "pull_requests:read", (*Server).pullFiles),
		get(repos+"/pulls/{pull_number}/merge", "contents:read", (*Server).isMerged),
		put("PUT", repos+"/pulls/{pull_number}/merge", "contents:write", 200, (*Server).putMerge),
		get(repos+"/pulls/{pull_number}/reviews", "pull_requests:read", (*Server).listReviews),
		put("POST", repos+"/pulls/{pull_number}/reviews", "pull_requests:write", 200, (*Server).postReview),
		put("PUT", repos+"/pulls/{pull_number}/reviews/{review_id}/dismissals", "pull_requests:write", 200, (*Server).putDismissal),

		get(repos+"/issues/{issue_number}/comments", "pull_requests:read|issues:read", (*Server).listComments),
		put("POST", repos+"/issues/{issue_number}/comments", talk, 201, (*Server).postComment),
		get(repos+"/issues/comments/{comment_id}", "pull_requests:read|issues:read", (*Server).getComment),
		put("PATCH", repos+"/issues/comments/{comment_id}", talk, 200, (*Server).patchComment),
		put("DELETE", repos+"/issues/comments/{comment_id}", talk, 204, (*Server).deleteComment),
		get(repos+"/issues/comments/{comment_id}/reactions", "pull_requests:read|issues:read", (*Server).listReactions),
		put("POST", repos+"/issues/comments/{comment_id}/reactions", talk, 201, (*Server).postReaction),

		put("POST", repos+"/check-runs", "checks:write", 201, (*Server).postCheck),
		get(repos+"/check-runs/{check_run_id}", "checks:read", (*Server).getCheck),
		put("PATCH", repos+"/check-runs/{check_run_id}", "checks:write", 200, (*Server).patchCheck),
		get(repos+"/check-runs/{check_run_id}/annotations", "checks:read", (*Server).listAnnotations),
		get(repos+"/commits/{ref}/check-runs", "checks:read", (*Server).listChecks),
		get(repos+"/commits/{ref}/check-suites", "checks:read", (*Server).listSuites),

		get(repos+"/deployments", "deployments:read", (*Server).listDeployments),
		put("POST", repos+"/deployments", "deployments:write", 201, (*Server).postDeployment),
		get(repos+"/deployments/{deployment_id}/statuses", "deployments:read", (*Server).listStatuses),
		put("POST", repos+"/deployments/{deployment_id}/statuses", "deployments:write", 201, (*Server).postStatus),
	}
}
