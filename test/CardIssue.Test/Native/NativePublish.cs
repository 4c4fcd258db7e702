using System.Diagnostics;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Native;

/// <summary>The programs as machine code: made once for all tests of a run, or by <c>./build.sh test</c> before it.</summary>
internal static class NativePublish
{
    /// <summary>The folder of <c>./build.sh publish --native</c>, where that was done already.</summary>
    private const string Variable = "CARDISSUE_NATIVE";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);

    /// <summary>The folder with them.</summary>
    public static Task<string> FolderAsync() => Made.Value;

    private static async Task<string> MakeAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } made) return made;
        var begun = Stopwatch.GetTimestamp();
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "build.sh"), "publish", "--native"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Longest);
        Assert.That(process.ExitCode, Is.Zero, await output + await error);
        TestContext.Progress.WriteLine($"Machine code: made in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s.");
        return Directory.GetDirectories(Path.Combine(Repository.Root, "artifacts", "publish"), "native-*").Single();
    }

    /// <summary>Compiles a program of C against the library, with the system's compiler.</summary>
    /// <param name="source">Its file.</param>
    /// <param name="program">Where it goes.</param>
    public static async Task CompileAsync(string source, string program)
    {
        var folder = await FolderAsync();
        // The header that is published is the one that a program gets.
        var (code, said) = await Part.RunAsync(new Dictionary<string, string>(), "cc",
            "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", program, source, $"-I{folder}", $"-L{folder}", "-lcardissue", $"-Wl,-rpath,{folder}", "-pthread");
        Assert.That(code, Is.Zero, said);
    }
}
