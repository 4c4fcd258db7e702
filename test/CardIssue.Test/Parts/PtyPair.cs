using System.Diagnostics;

namespace CardIssue.Test.Parts;

/// <summary>Two serial ports with a cable between them: a pair of pseudo terminals that socat makes. They know no speed.</summary>
internal sealed class PtyPair : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-pty-").FullName;
    private Process? _socat;

    private PtyPair() { }

    /// <summary>One end's device.</summary>
    public string A => Path.Combine(_folder, "a");

    /// <summary>The other end's device.</summary>
    public string B => Path.Combine(_folder, "b");

    public static async Task<PtyPair> OpenAsync()
    {
        Part.Require("socat", "socat");
        var pair = new PtyPair();
        await pair.PlugInAsync();
        return pair;
    }

    /// <summary>Connects the ends (again).</summary>
    public async Task PlugInAsync()
    {
        _socat = Process.Start("socat", [$"pty,raw,echo=0,link={A}", $"pty,raw,echo=0,link={B}"]);
        await Part.UntilAsync(() => File.Exists(A) && File.Exists(B), "socat");
    }

    /// <summary>Hangs both ends up, as when a USB serial adapter is pulled.</summary>
    public void HangUp()
    {
        if (_socat is null) return;
        // First of all: another test's pty may get the number that a link still names.
        File.Delete(A);
        File.Delete(B);
        _socat.Kill();
        _socat.WaitForExit();
        _socat.Dispose();
        _socat = null;
    }

    public void Dispose()
    {
        HangUp();
        Directory.Delete(_folder, recursive: true);
    }
}
