// Command sumdbcheck audits a tlog-tiles log over HTTP with golang.org/x/mod/sumdb/{note,tlog} only.
//
// It opens the checkpoint with the given key, reads every entry bundle, recomputes the tree hash from the
// entries up, compares every stored tile with the recomputed hashes, and proves a sample of records and an
// older tree through the tiles. It prints "ok <size>" and exits 0, or says why and exits 1.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type remote struct{ base string }

func (r remote) get(path string) ([]byte, error) {
	resp, err := http.Get(r.base + "/" + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: HTTP %d", path, resp.StatusCode)
	}
	return body, nil
}

// public turns sumdb's spelling of a tile path into tlog-tiles'.
func public(t tlog.Tile) string {
	p := strings.Replace(t.Path(), "tile/8/data/", "tile/entries/", 1)
	return strings.Replace(p, "tile/8/", "tile/", 1)
}

func (r remote) Height() int { return height }

func (r remote) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		data, err := r.get(public(t))
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}

func (r remote) SaveTiles([]tlog.Tile, [][]byte) {}

func splitBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, errors.New("trailing byte in a bundle")
		}
		n := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+n {
			return nil, errors.New("truncated entry in a bundle")
		}
		entries = append(entries, data[2:2+n])
		data = data[2+n:]
	}
	return entries, nil
}

func parseCheckpoint(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("unexpected checkpoint text %q", text)
	}
	var size int64
	if _, err := fmt.Sscanf(lines[1], "%d", &size); err != nil || fmt.Sprint(size) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("bad size %q", lines[1])
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func audit(base, vkey string) (int64, error) {
	r := remote{strings.TrimSuffix(base, "/")}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, err
	}
	msg, err := r.get("checkpoint")
	if err != nil {
		return 0, err
	}
	n, err := note.Open(msg, note.VerifierList(verifier))
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	tree, err := parseCheckpoint(n.Text, verifier.Name())
	if err != nil {
		return 0, err
	}

	var stored []tlog.Hash
	storedReader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	for next := int64(0); next < tree.N; {
		width := min(256, int(tree.N-next))
		data, err := r.get(public(tlog.Tile{H: height, L: -1, N: next / 256, W: width}))
		if err != nil {
			return 0, err
		}
		entries, err := splitBundle(data)
		if err != nil || len(entries) != width {
			return 0, fmt.Errorf("bundle %d: %d entries of %d: %v", next/256, len(entries), width, err)
		}
		for _, entry := range entries {
			hashes, err := tlog.StoredHashes(next, entry, storedReader)
			if err != nil {
				return 0, err
			}
			stored = append(stored, hashes...)
			next++
		}
	}
	root, err := tlog.TreeHash(tree.N, storedReader)
	if err != nil {
		return 0, err
	}
	if root != tree.Hash {
		return 0, fmt.Errorf("root from entries is %v, the checkpoint says %v", root, tree.Hash)
	}
	for _, t := range tlog.NewTiles(height, 0, tree.N) {
		want, err := tlog.ReadTileData(t, storedReader)
		if err != nil {
			return 0, err
		}
		got, err := r.get(public(t))
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(got, want) {
			return 0, fmt.Errorf("%s differs from the hashes of its entries", public(t))
		}
	}

	tiles := tlog.TileHashReader(tree, r)
	for i := int64(0); i < tree.N; i += tree.N/50 + 1 {
		proof, err := tlog.ProveRecord(tree.N, i, tiles)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, stored[tlog.StoredHashIndex(0, i)]); err != nil {
			return 0, fmt.Errorf("record %d: %w", i, err)
		}
	}
	if older := tree.N/2 + 1; older < tree.N {
		olderRoot, err := tlog.TreeHash(older, storedReader)
		if err != nil {
			return 0, err
		}
		proof, err := tlog.ProveTree(tree.N, older, tiles)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, older, olderRoot); err != nil {
			return 0, fmt.Errorf("consistency from %d: %w", older, err)
		}
	}
	return tree.N, nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sumdbcheck URL VKEY")
		os.Exit(2)
	}
	size, err := audit(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("ok", size)
}
