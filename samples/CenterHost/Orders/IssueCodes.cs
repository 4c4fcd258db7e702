using System.Security.Cryptography;
using System.Text;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Orders;

/// <summary>Makes one-time issue codes, and writes them to a file that only its owner can read; they are never shown.</summary>
internal sealed class IssueCodes(string? path, IssueCodeRule rule)
{
    private const int LeastGroups = 3, GroupLength = 4;

    // 31 characters that nobody takes for another; 12 of them are 59 bits.
    private const string Alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

    private readonly List<(OrderId Order, string Code)> _made = [];

    public int Count => _made.Count;

    /// <summary>A new code for an order.</summary>
    /// <exception cref="CommandException">There is no file for it.</exception>
    public string Make(OrderId order)
    {
        if (path is null) throw new CommandException(ExitCode.Usage, $"Order {order} has no issue code; name a file for new ones with --codes FILE. Nothing was taken in.");
        var groups = Math.Max(LeastGroups, (rule.LeastLength + GroupLength - 1) / GroupLength);
        string code;
        // One in 10^15 of them is a run.
        do code = string.Join('-', Enumerable.Range(0, groups).Select(_ => RandomNumberGenerator.GetString(Alphabet, GroupLength)));
        while (rule.Fault(Encoding.ASCII.GetBytes(code)) is not null);
        _made.Add((order, code));
        return code;
    }

    /// <summary>Writes the file before the orders are saved: a code that is nowhere would be of no use. Returns what takes the file back.</summary>
    /// <exception cref="CommandException">The file is there already.</exception>
    public async Task<Action> WriteAsync(CancellationToken cancellation)
    {
        if (_made.Count == 0) return () => { };
        if (File.Exists(path)) throw new CommandException(ExitCode.File, $"{path} is there already; name another file for the codes. Nothing was taken in.");
        await using (var file = CenterFiles.CreatePrivate(path!))
        {
            foreach (var (order, code) in _made) await file.WriteAsync(Encoding.ASCII.GetBytes($"{order} {code}\n"), cancellation);
            file.Flush(flushToDisk: true);
        }
        return () => File.Delete(path!);
    }
}
