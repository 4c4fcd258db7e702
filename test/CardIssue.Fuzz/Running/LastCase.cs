using System.IO.MemoryMappedFiles;

namespace CardIssue.Fuzz.Running;

/// <summary>
/// Keeps the case that is running in a mapped file, for the one that takes the whole process with it: a stack overflow or memory that is
/// not there. The
/// system writes it out when nobody else can any more.
/// </summary>
internal sealed class LastCase : IDisposable
{
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public LastCase(string path)
    {
        _path = path;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, sizeof(int) + FuzzTarget.MaxInput);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Notes what runs next.</summary>
    public void Note(byte[] input)
    {
        _view.Write(0, input.Length);
        _view.WriteArray(sizeof(int), input, 0, input.Length);
    }

    /// <summary>The case that a process left behind which did not end in order; null when there is none.</summary>
    public static byte[]? LeftBehind(string path)
    {
        if (!File.Exists(path)) return null;
        var bytes = File.ReadAllBytes(path);
        var length = bytes.Length < sizeof(int) ? -1 : BitConverter.ToInt32(bytes);
        return length >= 0 && length <= bytes.Length - sizeof(int) ? bytes[sizeof(int)..(sizeof(int) + length)] : null;
    }

    /// <summary>All is well: nothing is left behind.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
