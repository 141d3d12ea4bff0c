package main

import (
	"context"
	"net"
	"slices"
	"strings"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/server/common/headers"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// startUI starts the Web UI, if one is wanted, and returns what stops it.
func startUI(o options, p ports) (stop func()) {
	if p.ui == 0 {
		return func() {}
	}
	ui := uiserver.NewServer(uioptions.WithConfigProvider(uiConfig(o, p)))
	go func() { _ = ui.Start() }() // a port that was lost since it was chosen ends the process
	return ui.Stop
}

// uiConfig is a Web UI that shows everything, changes nothing, and asks nobody for news.
func uiConfig(o options, p ports) *uiconfig.Config {
	host, _, _ := net.SplitHostPort(hostPort(o.ip, p.ui))
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &uiconfig.Config{
		TemporalGRPCAddress: p.address(o.ip),
		Host:                host,
		Port:                p.ui,
		EnableUI:            true,
		DefaultNamespace:    o.namespace,
		DisableNewsFetch:    true,
		HideLogs:            true,
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on loopback

		DisableWriteActions:       true,
		WorkflowTerminateDisabled: true,
		WorkflowCancelDisabled:    true,
		WorkflowSignalDisabled:    true,
		WorkflowUpdateDisabled:    true,
		WorkflowResetDisabled:     true,
		WorkflowPauseDisabled:     true,
		BatchActionsDisabled:      true,
		StartWorkflowDisabled:     true,
		ActivityCommandsDisabled:  true,
	}
}

const uiClientName = "temporal-ui"

var readPrefixes = []string{"Get", "List", "Describe", "Query", "Count", "Scan"}

// onlyReadsFromUI refuses, inside the server, whatever the Web UI asks for that is not a read. The UI's own check goes
// by the path and lets through those in which the word query stands between slashes, a workflow's ID included.
func onlyReadsFromUI(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if !slices.Contains(md.Get(headers.ClientNameHeaderName), uiClientName) {
		return next(ctx, req)
	}
	method := info.FullMethod[strings.LastIndex(info.FullMethod, "/")+1:]
	if !slices.ContainsFunc(readPrefixes, func(p string) bool { return strings.HasPrefix(method, p) }) {
		return nil, status.Errorf(codes.PermissionDenied, "the Web UI only reads: %s is refused", method)
	}
	return next(ctx, req)
}
