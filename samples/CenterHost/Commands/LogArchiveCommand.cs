using System.CommandLine;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>log archive</c>: moves older entries into a signed file. And what <c>log verify</c> says of such files.</summary>
internal static class LogArchiveCommand
{
    public static Command Make(Shell shell)
    {
        var before = new Option<DateTimeOffset>("--before")
        {
            Description = $"Entries older than this go into the file, such as 2026-01-01; {LogArchiving.MinAge.TotalDays:0} days ago at the latest.", HelpName = "TIME", Required = true,
        };
        var to = new Option<string>("--to") { Description = "A new file; only its owner can read it. Keep it as long as the log must be kept.", HelpName = "FILE", Required = true };
        return shell.Command("archive", "Moves the log's older entries into a signed file; the log stays whole.", [before, to], async (call, cancellation) =>
        {
            var path = Path.GetFullPath(call.Get(to)!);
            if (File.Exists(path)) throw new CommandException(ExitCode.File, $"{path} is there already; an archive is a new file.");
            if (call.Get(before) > DateTimeOffset.UtcNow - LogArchiving.MinAge)
                throw new CommandException(ExitCode.Refused, $"What is younger than {LogArchiving.MinAge.TotalDays:0} days stays in the store: name an earlier --before.");
            await using var center = await call.OpenAsync(cancellation);
            if (await LogArchiving.WriteAsync(center.Database, center.Vault, path, call.Get(before), center.By, cancellation) is not { } archive)
                return await call.Answers.SayAsync(new { ok = true, entries = 0 }, "No entry is so old; no file was made.");
            return await call.Answers.SayAsync(View(path, archive, []),
                $"{Text(path, archive)} They are no longer in the store. Keep the file off this host: log verify --archive {path} verifies it. "
                + "Make a new backup: an older one can be settled from later logs only where it reaches into what is left.");
        });
    }

    /// <summary>Verifies archives, each by itself, and says what they are.</summary>
    /// <returns>Those that could be read, and whether anything is wrong.</returns>
    public static async Task<(List<LogArchive> Archives, bool Broken)> VerifyAsync(Call call, string[] paths, ILogKeys keys)
    {
        var (archives, broken) = (new List<LogArchive>(), false);
        foreach (var path in paths)
        {
            if (!InputFile.IsThere(path)) throw new CommandException(ExitCode.File, $"{path} does not exist.");
            var (archive, wrong) = LogArchive.Verify(path, keys);
            foreach (var finding in wrong) await call.Answers.WarnAsync($"{path}: {finding.Kind}: {finding.Text}");
            broken |= wrong.Count > 0;
            if (archive is null) continue;
            archives.Add(archive);
            await call.Answers.SayAsync(View(path, archive, wrong), $"{Text(path, archive)} {(wrong.Count == 0 ? "It is whole." : "It is DAMAGED.")}");
        }
        return (archives, broken);
    }

    /// <summary>Where archives do not go on from one to the next, and to where the store begins.</summary>
    public static IEnumerable<string> Gaps(List<LogArchive> archives, LogReport report, bool given)
    {
        if (!given) yield break;
        foreach (var start in report.Starts)
        {
            var at = start;
            while (at.Sequence > 0 && archives.Find(archive => archive.To.Contains(at)) is { } archive) at = archive.From.First(head => head.Instance == at.Instance);
            if (at.Sequence > 0) yield return $"Gap: no archive that was given ends with entry {at.Sequence} of {at.Instance}, which what is there goes on from.";
        }
    }

    private static object View(string path, LogArchive archive, IReadOnlyList<LogFinding> findings) => new
    {
        ok = findings.Count == 0, archive = path, before = archive.Before.UtcDateTime, entries = archive.Entries, from = archive.From.Select(View), to = archive.To.Select(View),
        sha256 = archive.Sha256.ToString(),
    };

    private static object View(LogHead head) => new { instance = head.Instance, sequence = head.Sequence, hash = head.Hash.ToString() };

    private static string Text(string path, LogArchive archive) =>
        $"{path} has {archive.Entries} entries from before {archive.Before:u}: "
        + string.Join(", ", archive.To.Zip(archive.From, (to, from) => $"{from.Sequence + 1} to {to.Sequence} of {to.Instance}")) + ".";
}
