package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/test/lab"
)

func fetch(ctx context.Context, log logrus.FieldLogger, args []string) error {
	f := flag.NewFlagSet("fetch", flag.ContinueOnError)
	cache := f.String("cache", "", "directory of the builds (default "+lab.DefaultCache()+")")
	if err := parse(f, args); err != nil {
		return err
	}
	b, err := lab.Fetch(ctx, *cache, log)
	if err != nil {
		return err
	}
	if b.OneVersionOnly {
		log.Warn("one version only: demonstrate with a setting that needs a restart (node-setting)")
	}
	fmt.Println(b.Dir, strings.Join(b.Versions, " "))
	return nil
}

func start(ctx context.Context, log logrus.FieldLogger, args []string) error {
	f := flag.NewFlagSet("start", flag.ContinueOnError)
	dir := f.String("dir", "", "state directory (required)")
	cache := f.String("cache", "", "directory of the builds")
	if err := parse(f, args); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("%w: lab start needs --dir", errUsage)
	}
	l, err := lab.Start(ctx, lab.Options{Dir: *dir, Cache: *cache, Log: log})
	if err != nil {
		return err
	}
	fmt.Println(filepath.Join(l.Dir, "lab.json"))
	<-ctx.Done()
	log.Info("stopping the pair")
	return l.Stop()
}

func stop(_ context.Context, _ logrus.FieldLogger, args []string) error {
	f := flag.NewFlagSet("stop", flag.ContinueOnError)
	dir := f.String("dir", "", "state directory (required)")
	if err := parse(f, args); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("%w: lab stop needs --dir", errUsage)
	}
	return lab.StopDir(*dir)
}
