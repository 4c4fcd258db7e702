using System.Security.Cryptography;
using System.Text;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Orders;

/// <summary>
/// Makes one-time issue codes, and writes each to a file that only its owner can read; they are never shown. The file goes again with this,
/// unless the codes count.
/// </summary>
internal sealed class IssueCodes(string? path, IssueCodeRule rule) : IDisposable
{
    private const int LeastGroups = 3, GroupLength = 4;

    // 31 characters that nobody takes for another; 12 of them are 59 bits.
    private const string Alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

    private FileStream? _file;
    private bool _count;

    public long Count { get; private set; }

    /// <summary>A new code for an order.</summary>
    /// <exception cref="CommandException">There is no file for it, or the file is there already.</exception>
    public string Make(OrderId order)
    {
        if (path is null) throw new CommandException(ExitCode.Usage, $"Order {order} has no issue code; name a file for new ones with --codes FILE. Nothing was taken in.");
        if (_file is null && File.Exists(path)) throw new CommandException(ExitCode.File, $"{path} is there already; name another file for the codes. Nothing was taken in.");
        _file ??= CenterFiles.CreatePrivate(path);
        var groups = Math.Max(LeastGroups, (rule.LeastLength + GroupLength - 1) / GroupLength);
        string code;
        // One in 10^15 of them is a run.
        do code = string.Join('-', Enumerable.Range(0, groups).Select(_ => RandomNumberGenerator.GetString(Alphabet, GroupLength)));
        while (rule.Fault(Encoding.ASCII.GetBytes(code)) is not null);
        _file.Write(Encoding.ASCII.GetBytes($"{order} {code}\n"));
        Count++;
        return code;
    }

    /// <summary>Before the orders are saved the file is on the disk: a code that is nowhere would be of no use.</summary>
    public void Flush() => _file?.Flush(flushToDisk: true);

    /// <summary>The orders are saved, or may be: the file stays.</summary>
    public void Keep() => _count = true;

    public void Dispose()
    {
        if (_file is null) return;
        _file.Dispose();
        if (!_count) File.Delete(path!);
    }
}
