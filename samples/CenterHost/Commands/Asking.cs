using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary>What a command does whose effect another person must approve: it asks, and says how the other goes on.</summary>
internal static class Asking
{
    /// <summary>Asks.</summary>
    /// <param name="call">The command.</param>
    /// <param name="center">The center.</param>
    /// <param name="act">What is to be done.</param>
    /// <param name="reason">Why.</param>
    /// <param name="half">A new file for this person's half of the password that the act makes.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<ExitCode> AskAsync(Call call, OpenCenter center, CenterAct act, string reason, string? half, CancellationToken cancellation)
    {
        using var file = act.MakesPassword ? HalfFile.Make(half) : null;
        using var result = await center.Approvals.AskAsync(center.By, act, reason, cancellation);
        if (result.Outcome is not ApprovalOutcome.Done) throw Refusal(result, act);
        file?.Write(result.PasswordHalf!);
        return await call.Answers.SayAsync(
            new { ok = true, approval = result.Id, state = ApprovalState.Waiting, act = act.ToString(), passwordHalf = file?.Path },
            $"Asked for as {result.Id}: {act}.\nNothing is done before another {PersonText.Of(act.MayApprove)} approves it: centerhost approval approve {result.Id}"
            + (act.IsUsedLater ? "; then give this command again with --approval " + result.Id : "") + ".");
    }

    public static CommandException Refusal(ApprovalResult result, CenterAct? act = null) => new(
        result.Outcome is ApprovalOutcome.NotFound || result.Act is DeskOutcome.NotFound ? ExitCode.Usage : ExitCode.Refused, PersonText.Why(result, act));
}

/// <summary>A new file for half of a password; gone again when nothing was written.</summary>
internal sealed class HalfFile : IDisposable
{
    private readonly FileStream _file;
    private bool _written;

    private HalfFile(string path) => (Path, _file) = (path, CenterFiles.CreatePrivate(path));

    public string Path { get; }

    public static HalfFile Make(string? path) => new(
        path ?? throw new CommandException(ExitCode.Usage, "The person's first password has two halves, one of each of you: name a new file for yours with --half FILE."));

    public void Write(SecretBytes half)
    {
        _file.Write(half.Span);
        _file.WriteByte((byte)'\n');
        _file.Flush(flushToDisk: true);
        _written = true;
    }

    public void Dispose() => WholeFile.Close(_file, _written);
}
