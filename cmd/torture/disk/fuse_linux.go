package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Mount mounts the disk on an empty folder, for every user, and returns how to
// unmount it, which is for when nobody has a file of it open any more. It needs
// the right to mount, which root has and everybody in a user namespace.
func (d *Disk) Mount(folder string) (unmount func() error, err error) {
	root := &folderNode{disk: d}
	server, err := fs.Mount(folder, root, &fs.Options{
		MountOptions: fuse.MountOptions{
			DirectMountStrict: true, AllowOther: true, FsName: "failing-disk", Name: "disk",
			DisableXAttrs: true, Logger: log.New(io.Discard, "", 0),
		},
		RootStableAttr: &fs.StableAttr{Ino: 1},
	})
	if err != nil {
		return nil, fmt.Errorf("mounting a file system of this process on %s: %w", folder, err)
	}
	return func() error {
		err := server.Unmount()
		if errors.Is(err, syscall.EBUSY) {
			err = syscall.Unmount(folder, syscall.MNT_DETACH)
		}
		return err
	}, nil
}

// folderNode is the one folder.
type folderNode struct {
	fs.Inode
	disk *Disk
	last atomic.Uint64
}

var (
	_ fs.NodeOnAdder   = (*folderNode)(nil)
	_ fs.NodeCreater   = (*folderNode)(nil)
	_ fs.NodeUnlinker  = (*folderNode)(nil)
	_ fs.NodeRenamer   = (*folderNode)(nil)
	_ fs.NodeFsyncer   = (*folderNode)(nil)
	_ fs.NodeGetattrer = (*folderNode)(nil)
	_ fs.NodeStatfser  = (*folderNode)(nil)
	_ fs.NodeOpener    = (*fileNode)(nil)
	_ fs.NodeReleaser  = (*fileNode)(nil)
	_ fs.NodeReader    = (*fileNode)(nil)
	_ fs.NodeWriter    = (*fileNode)(nil)
	_ fs.NodeFsyncer   = (*fileNode)(nil)
	_ fs.NodeGetattrer = (*fileNode)(nil)
	_ fs.NodeSetattrer = (*fileNode)(nil)
)

func (n *folderNode) node(ctx context.Context, name string, f *file, mode uint32) *fs.Inode {
	node := &fileNode{disk: n.disk, file: f, shared: strings.HasSuffix(name, sharedSuffix)}
	node.mode.Store(mode)
	return n.NewPersistentInode(ctx, node, fs.StableAttr{Mode: syscall.S_IFREG, Ino: n.last.Add(1) + 1})
}

// OnAdd implements fs.NodeOnAdder.
func (n *folderNode) OnAdd(ctx context.Context) {
	for name, f := range n.disk.names {
		n.AddChild(name, n.node(ctx, name, f, 0o600), true)
	}
}

// Getattr implements fs.NodeGetattrer.
func (n *folderNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Uid, out.Gid = 0o700, uint32(os.Getuid()), uint32(os.Getgid()) //nolint:gosec // ids are no larger
	return 0
}

// Statfs implements fs.NodeStatfser.
func (n *folderNode) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Blocks, out.Bfree, out.Bavail, out.NameLen = 4096, 1<<20, 1<<19, 1<<19, 255
	return 0
}

// Create implements fs.NodeCreater.
func (n *folderNode) Create(ctx context.Context, name string, _, mode uint32, _ *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	f := &file{opened: 1}
	if errno := n.disk.name(name, f, strings.HasSuffix(name, sharedSuffix)); errno != 0 {
		return nil, nil, 0, errno
	}
	return n.node(ctx, name, f, mode&0o777), nil, fuse.FOPEN_KEEP_CACHE, 0
}

// Unlink implements fs.NodeUnlinker.
func (n *folderNode) Unlink(_ context.Context, name string) syscall.Errno {
	return n.disk.name(name, nil, strings.HasSuffix(name, sharedSuffix))
}

// Rename implements fs.NodeRenamer.
func (n *folderNode) Rename(_ context.Context, name string, _ fs.InodeEmbedder, to string, _ uint32) syscall.Errno {
	child, ok := n.GetChild(name).Operations().(*fileNode)
	if !ok {
		return syscall.ENOENT
	}
	if errno := n.disk.name(to, child.file, false); errno != 0 {
		return errno
	}
	return n.disk.unname(name)
}

// Fsync implements fs.NodeFsyncer.
func (n *folderNode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return n.disk.syncFolder()
}

// fileNode is a file.
type fileNode struct {
	fs.Inode
	disk   *Disk
	file   *file
	shared bool
	mode   atomic.Uint32
}

// Open implements fs.NodeOpener.
func (n *fileNode) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	n.disk.open(n.file, 1)
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

// Release implements fs.NodeReleaser.
func (n *fileNode) Release(context.Context, fs.FileHandle) syscall.Errno {
	n.disk.open(n.file, -1)
	return 0
}

// Read implements fs.NodeReader.
func (n *fileNode) Read(_ context.Context, _ fs.FileHandle, dest []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if at >= int64(len(n.file.content)) {
		return fuse.ReadResultData(nil), 0
	}
	return fuse.ReadResultData(dest[:copy(dest, n.file.content[at:])]), 0
}

// Write implements fs.NodeWriter.
func (n *fileNode) Write(_ context.Context, _ fs.FileHandle, data []byte, at int64) (uint32, syscall.Errno) {
	written, errno := n.disk.write(n.file, n.shared, data, at)
	return uint32(written), errno //nolint:gosec // no larger than a request
}

// Fsync implements fs.NodeFsyncer.
func (n *fileNode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	if n.shared {
		return 0
	}
	return n.disk.sync(n.file)
}

// Getattr implements fs.NodeGetattrer.
func (n *fileNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	out.Mode, out.Size, out.Nlink = n.mode.Load(), uint64(len(n.file.content)), 1
	out.Uid, out.Gid = uint32(os.Getuid()), uint32(os.Getgid()) //nolint:gosec // ids are no larger
	return 0
}

// Setattr implements fs.NodeSetattrer.
func (n *fileNode) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if errno := n.disk.truncate(n.file, n.shared, int64(size)); errno != 0 { //nolint:gosec // a file of this process's memory
			return errno
		}
	}
	if mode, ok := in.GetMode(); ok {
		n.mode.Store(mode & 0o777)
	}
	return n.Getattr(ctx, h, out)
}
