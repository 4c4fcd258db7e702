using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace CardIssue.Bench;

/// <summary>What is wrong with a disk.</summary>
public enum DiskFault
{
    None,
    /// <summary>It has no room: what is written is refused.</summary>
    Full,
    /// <summary>Another process is writing into the store, and does not end.</summary>
    Locked,
}

/// <summary>
/// The disk that SQLite sees, of the files below a folder: counts each sync, makes it slower when told to, and is full or locked from one of them on. It stands
/// at SQLite's own seam to the system (its VFS, https://sqlite.org/vfs.html), below all that the center itself counts. Files that are open already are not its.
/// </summary>
internal sealed unsafe class SqliteDisk : IDisposable
{
    // sqlite3_io_methods: a version and 18 functions; behind them, in a copy, whose copy it is, and where the original is.
    private const int Methods = 19, WritePlace = 3, SyncPlace = 5, LockPlace = 14, OwnerPlace = Methods, InnerPlace = Methods + 1, CopyLength = Methods + 2;

    // https://sqlite.org/rescode.html, https://sqlite.org/c3ref/c_shm_exclusive.html; the lock of who writes is the first (https://sqlite.org/walformat.html).
    private const int Busy = 5, Full = 13, LockExclusive = 2 | 8, WriterLock = 0;

    private static readonly ConcurrentDictionary<SqliteDisk, byte[]> Watching = new();
    private static readonly Vfs* Inner = Register();

    private readonly ConcurrentDictionary<nint, nint> _copies = new();
    private readonly GCHandle _self;
    private long _syncs, _faultAt;
    private DiskFault _fault;

    private SqliteDisk(string folder)
    {
        _self = GCHandle.Alloc(this);
        Watching[this] = Encoding.UTF8.GetBytes(Path.GetFullPath(folder));
    }

    /// <summary>How often SQLite waited for it.</summary>
    public long Syncs => Interlocked.Read(ref _syncs);

    /// <summary>How much longer each takes.</summary>
    public TimeSpan Delay { get; set; }

    private DiskFault Fault => Syncs >= _faultAt ? _fault : DiskFault.None;

    /// <summary>Begins to be the disk of a folder's files.</summary>
    public static SqliteDisk Of(string folder) => Inner is null ? throw new InvalidOperationException("SQLite has no VFS here.") : new SqliteDisk(folder);

    /// <summary>Fails once it was synced so often more.</summary>
    public void FailAfter(int syncs, DiskFault fault) => (_faultAt, _fault) = (Syncs + syncs, fault);

    /// <summary>It is well again.</summary>
    public void Mend() => _fault = DiskFault.None;

    /// <summary>Files that are opened from now on are not its; those that are open still are, so their tables stay.</summary>
    public void Dispose()
    {
        Mend();
        Watching.TryRemove(this, out _);
    }

    /// <summary>A VFS like the default one, in front of it.</summary>
    private static Vfs* Register()
    {
        var inner = sqlite3_vfs_find(null);
        if (inner is null) return null;
        var vfs = (Vfs*)NativeMemory.Alloc((nuint)sizeof(Vfs));
        *vfs = *inner;
        vfs->Name = (byte*)Marshal.StringToCoTaskMemUTF8("cardissue-disk");
        vfs->Open = &Open;
        return sqlite3_vfs_register(vfs, 1) == 0 ? inner : throw new InvalidOperationException("SQLite takes no other VFS.");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, OpenFile* file, int flags, int* outFlags)
    {
        var result = Inner->Open(Inner, name, file, flags, outFlags);
        if (result != 0 || name is null) return result;
        var path = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        foreach (var (disk, folder) in Watching)
            if (path.StartsWith(folder.AsSpan())) file->Methods = (nint*)disk._copies.GetOrAdd((nint)file->Methods, disk.Copy);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(OpenFile* file, int flags)
    {
        var disk = DiskOf(file);
        Interlocked.Increment(ref disk._syncs);
        if (disk.Delay > TimeSpan.Zero) Thread.Sleep(disk.Delay);
        return ((delegate* unmanaged[Cdecl]<OpenFile*, int, int>)InnerOf(file)[SyncPlace])(file, flags);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(OpenFile* file, void* data, int length, long place) => DiskOf(file).Fault is DiskFault.Full
        ? Full
        : ((delegate* unmanaged[Cdecl]<OpenFile*, void*, int, long, int>)InnerOf(file)[WritePlace])(file, data, length, place);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(OpenFile* file, int place, int count, int flags) => flags == LockExclusive && place == WriterLock && DiskOf(file).Fault is DiskFault.Locked
        ? Busy
        : ((delegate* unmanaged[Cdecl]<OpenFile*, int, int, int, int>)InnerOf(file)[LockPlace])(file, place, count, flags);

    private static SqliteDisk DiskOf(OpenFile* file) => (SqliteDisk)GCHandle.FromIntPtr(file->Methods[OwnerPlace]).Target!;

    private static nint* InnerOf(OpenFile* file) => (nint*)file->Methods[InnerPlace];

    private nint Copy(nint methods)
    {
        var copy = (nint*)NativeMemory.Alloc((nuint)(CopyLength * sizeof(nint)));
        new ReadOnlySpan<nint>((nint*)methods, Methods).CopyTo(new Span<nint>(copy, Methods));
        copy[OwnerPlace] = GCHandle.ToIntPtr(_self);
        copy[InnerPlace] = methods;
        copy[WritePlace] = (nint)(delegate* unmanaged[Cdecl]<OpenFile*, void*, int, long, int>)&Write;
        copy[SyncPlace] = (nint)(delegate* unmanaged[Cdecl]<OpenFile*, int, int>)&Sync;
        copy[LockPlace] = (nint)(delegate* unmanaged[Cdecl]<OpenFile*, int, int, int, int>)&Lock;
        return (nint)copy;
    }

    [DllImport("e_sqlite3", CallingConvention = CallingConvention.Cdecl)]
    private static extern Vfs* sqlite3_vfs_find(byte* name);

    [DllImport("e_sqlite3", CallingConvention = CallingConvention.Cdecl)]
    private static extern int sqlite3_vfs_register(Vfs* vfs, int makeDefault);

    /// <summary>sqlite3_file: what is behind its methods is the VFS's own.</summary>
    private struct OpenFile
    {
        public nint* Methods;
    }

    /// <summary>sqlite3_vfs, version 3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Vfs
    {
        public int Version, FileLength, MaxPath;
        public Vfs* Next;
        public byte* Name;
        public void* Data;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, OpenFile*, int, int*, int> Open;
        // xDelete to xGetLastError, xCurrentTimeInt64, xSetSystemCall, xGetSystemCall, xNextSystemCall.
        public fixed long Others[15];
    }
}
