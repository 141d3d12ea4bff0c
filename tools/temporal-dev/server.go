package main

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap/zapcore"
)

const (
	clusterName = "active"
	storeName   = "sqlite"
	pollRPS     = 2000
)

// origin is what a database file is pinned to.
func origin() string {
	return fmt.Sprintf("temporal server %s (schema %s, visibility %s)",
		headers.ServerVersion, sqliteschema.Version, sqliteschema.VisibilityVersion)
}

// startServer starts Web UI and server and returns what stops them.
func startServer(o options, p ports, st *store) (stop func() error, err error) {
	l, err := newLogger(o.logLevel)
	if err != nil {
		return nil, err
	}
	conf := serverConfig(o, p, st.cfg)
	claims, err := authorization.GetClaimMapperFromConfig(&conf.Global.Authorization, l)
	if err != nil {
		return nil, fmt.Errorf("configure server: %w", err)
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(o.ip, p)),
		temporal.WithLogger(l),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(tuning()),
		temporal.WithChainedFrontendGrpcInterceptors(onlyReadsFromUI),
	)
	if err != nil {
		return nil, fmt.Errorf("configure server: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w", errors.Join(err, server.Stop()))
	}
	l.normal()
	stopUI := startUI(o, p)
	return func() error {
		l.quiet(zapcore.FatalLevel)
		stopUI()
		if err := server.Stop(); err != nil {
			return fmt.Errorf("stop server: %w", err)
		}
		return nil
	}, nil
}

// serverConfig is a cluster of one process with one shard, everything in the one file, nothing archived.
func serverConfig(o options, p ports, db *config.SQL) *config.Config {
	var c config.Config
	c.Global.Membership.MaxJoinDuration = 30 * time.Second
	c.Global.Membership.BroadcastAddress = o.ip
	c.Persistence.DefaultStore = storeName
	c.Persistence.VisibilityStore = storeName
	c.Persistence.NumHistoryShards = 1
	c.Persistence.DataStores = map[string]config.DataStore{storeName: {SQL: db}}
	c.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: p.address(o.ip)},
		},
	}
	c.DCRedirectionPolicy.Policy = "noop"
	c.Services = map[string]config.Service{
		string(primitives.FrontendService): service(o.ip, p.frontend),
		string(primitives.HistoryService):  service(o.ip, p.history),
		string(primitives.MatchingService): service(o.ip, p.matching),
		string(primitives.WorkerService):   service(o.ip, p.worker),
	}
	c.Archival.History.State = "disabled"
	c.Archival.Visibility.State = "disabled"
	c.NamespaceDefaults.Archival.History.State = "disabled"
	c.NamespaceDefaults.Archival.Visibility.State = "disabled"
	c.PublicClient.HostPort = p.address(o.ip)
	return &c
}

func service(ip string, port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ip}}
}

func hosts(ip string, p ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(hostPort(ip, p.frontend)),
		primitives.HistoryService:  static.SingleLocalHost(hostPort(ip, p.history)),
		primitives.MatchingService: static.SingleLocalHost(hostPort(ip, p.matching)),
		primitives.WorkerService:   static.SingleLocalHost(hostPort(ip, p.worker)),
	}
}

// tuning is where one machine differs from a cluster. Limits that a program has to live with in production
// (updates in flight, sizes of summaries, when to continue as new) stay as they are there.
func tuning() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// 20 a second and shard by default, which makes every dispatch wait up to 50 ms.
		dynamicconfig.TransferProcessorMaxPollRPS.Key():   pollRPS,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():      pollRPS,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): pollRPS,
		dynamicconfig.OutboundProcessorMaxPollRPS.Key():   pollRPS,

		// One process has nobody to share a task queue with.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// Lists are for people and tests: 10 a second by default.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 1000,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():           10000,
		dynamicconfig.FrontendRPS.Key():                                  10000,

		// True by default today, and needed.
		dynamicconfig.FrontendEnableUpdateWorkflowExecution.Key():              true,
		dynamicconfig.FrontendEnableUpdateWorkflowExecutionAsyncAccepted.Key(): true,
		dynamicconfig.EnableEagerWorkflowStart.Key():                           true,
		dynamicconfig.EnableActivityEagerExecution.Key():                       true,

		// A history that grows past the default must not end a change on a workstation.
		dynamicconfig.HistorySizeLimitError.Key():  200 * 1024 * 1024,
		dynamicconfig.HistoryCountLimitError.Key(): 200 * 1024,

		dynamicconfig.EnableServerVersionCheck.Key():     false, // it would ask version-info.temporal.io
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8192,
	}
}
