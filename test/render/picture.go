package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// width and height of the window in which the page is drawn; what is empty below is cut.
const width, height = 960, 6000

// picture takes a picture of a page.
func picture(o options, page, to string) error {
	program, err := exec.LookPath(o.chromium)
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("there is no %s to take pictures; apt-get install chromium", o.chromium)
	}
	if err != nil {
		return err
	}
	state, err := os.MkdirTemp("", "changectl-render-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(state) }() // what is left of it hurts nobody
	shot := filepath.Join(state, "shot.png")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", //nolint:gosec // whoever runs it names the program
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+state,
		"--hide-scrollbars", fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+shot, "file://"+page)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("take a picture with %s: %w\n%s", program, err, out)
	}
	return crop(shot, to)
}

// crop copies a picture without the white rows at its end, with few colours.
func crop(from, to string) error {
	in, err := os.Open(from) //nolint:gosec // made by picture
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	img, err := png.Decode(in)
	if err != nil {
		return fmt.Errorf("read the picture: %w", err)
	}
	const margin = 24
	b := img.Bounds()
	b.Max.Y = min(b.Max.Y, lastRow(img)+margin)
	small := image.NewPaletted(image.Rect(0, 0, b.Dx(), b.Dy()), palette(img, b))
	draw.Draw(small, small.Bounds(), img, b.Min, draw.Src)
	out, err := os.Create(to) //nolint:gosec // whoever runs it names the directory
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return errors.Join(encoder.Encode(out, small), out.Close())
}

func lastRow(img image.Image) int {
	b := img.Bounds()
	for y := b.Max.Y - 1; y > b.Min.Y; y-- {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, bl, _ := img.At(x, y).RGBA(); r != 0xffff || g != 0xffff || bl != 0xffff {
				return y
			}
		}
	}
	return b.Max.Y
}

// palette returns the 256 colours that are there most often.
func palette(img image.Image, b image.Rectangle) color.Palette {
	times := map[color.RGBA]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c, _ := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
			times[c]++
		}
	}
	return mostOften(times, 256)
}

func mostOften(times map[color.RGBA]int, n int) color.Palette {
	colours := slices.SortedFunc(maps.Keys(times), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var p color.Palette
	for _, c := range colours[:min(len(colours), n)] {
		p = append(p, c)
	}
	return p
}
