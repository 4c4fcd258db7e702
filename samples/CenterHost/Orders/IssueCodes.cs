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
/// <param name="path">The file.</param>
/// <param name="rule">What codes must be.</param>
/// <param name="goesOn">
/// Whether a file that is there already may be an import's that was cut: then its codes are taken, if they are for the same orders.
/// </param>
internal sealed class IssueCodes(string? path, IssueCodeRule rule, bool goesOn = false) : IDisposable
{
    private const int LeastGroups = 3, GroupLength = 4;

    // 31 characters that nobody takes for another; 12 of them are 59 bits.
    private const string Alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

    private FileStream? _file;
    private StreamReader? _earlier;
    private bool _count;

    public long Count { get; private set; }

    /// <summary>A code for an order.</summary>
    /// <exception cref="CommandException">There is no file for it, or the file is there already and is not of these orders.</exception>
    public string Make(OrderId order)
    {
        if (path is null) throw new CommandException(ExitCode.Usage, $"Order {order} has no issue code; name a file for new ones with --codes FILE. Nothing was taken in.");
        if (_file is null && _earlier is null && File.Exists(path)) _earlier = goesOn ? new StreamReader(path, Encoding.ASCII) : throw IsThere();
        Count++;
        if (_earlier is not null) return Earlier(order);
        _file ??= CenterFiles.CreatePrivate(path);
        var groups = Math.Max(LeastGroups, (rule.LeastLength + GroupLength - 1) / GroupLength);
        string code;
        // One in 10^15 of them is a run.
        do code = string.Join('-', Enumerable.Range(0, groups).Select(_ => RandomNumberGenerator.GetString(Alphabet, GroupLength)));
        while (rule.Fault(Encoding.ASCII.GetBytes(code)) is not null);
        _file.Write(Encoding.ASCII.GetBytes($"{order} {code}\n"));
        return code;
    }

    /// <summary>After the last code: codes that were there already count only where an import was begun with them.</summary>
    /// <param name="isBegun">Whether some of the file's orders are in.</param>
    /// <exception cref="CommandException">The file is another one.</exception>
    public void CheckEarlier(bool isBegun)
    {
        if (_earlier is not null && (!isBegun || _earlier.ReadLine() is not null)) throw IsThere();
    }

    /// <summary>Before the orders are saved the file is on the disk: a code that is nowhere would be of no use.</summary>
    public void Flush() => _file?.Flush(flushToDisk: true);

    /// <summary>The orders are saved, or may be: the file stays. Or they are not: it goes.</summary>
    public void Keep(bool keep = true) => _count = keep;

    public void Dispose()
    {
        _earlier?.Dispose();
        if (_file is not null) WholeFile.Close(_file, _count);
    }

    private string Earlier(OrderId order)
    {
        if (_earlier!.ReadLine() is not { } line || !line.StartsWith($"{order} ", StringComparison.Ordinal)) throw IsThere();
        var code = line[(order.Value.Length + 1)..];
        return rule.Fault(Encoding.ASCII.GetBytes(code)) is null ? code : throw IsThere();
    }

    private CommandException IsThere() => new(ExitCode.File, $"{path} is there already; name another file for the codes. Nothing was taken in.");
}
