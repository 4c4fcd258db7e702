using System.Security.Cryptography;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.CenterHost.Orders;

/// <summary>A file of orders that is being read: its form from its name, and what was read of it by a digest.</summary>
internal sealed class OrdersInput : IDisposable
{
    private static readonly (string Ending, OrdersForm Form)[] Forms =
        [(".json", OrdersForm.Json), (".jsonl", OrdersForm.JsonLines), (".ndjson", OrdersForm.JsonLines), (".csv", OrdersForm.Csv)];

    private static readonly string[] Envelopes = [".cms", ".p7m"];

    private readonly SHA256 _digest = SHA256.Create();
    private readonly CryptoStream _content;

    private OrdersInput(string source, OrdersForm form, Stream content)
    {
        (Source, Form, _content) = (source, form, new CryptoStream(content, _digest, CryptoStreamMode.Read));
        ShowsChanges = content is not EnvelopeContent { IsAuthenticated: false };
    }

    /// <summary>Whether a changed file would have shown it: of one that does not, nothing is told but whether all of it is right.</summary>
    public bool ShowsChanges { get; }

    /// <summary>The file's name, as it was given.</summary>
    public string Source { get; }

    public OrdersForm Form { get; }

    public Stream Content => _content;

    /// <summary>Opens a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="form">Its form; null for what its name ends with.</param>
    /// <param name="keys">Open it where it is encrypted; null without a center.</param>
    /// <param name="allowCbc">Whether an encryption that shows no change will do.</param>
    /// <exception cref="CommandException">It can't be opened, or its name tells no form.</exception>
    /// <exception cref="OrderEnvelopeException">It is encrypted and does not open.</exception>
    public static OrdersInput Open(FileInfo file, OrdersForm? form = null, IOrderFileKeys? keys = null, bool allowCbc = false)
    {
        var known = form ?? FormOf(file.Name);
        var content = InputFile.Open(file.ToString());
        var start = new byte[OrderEnvelope.StartLength];
        var length = content.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        var whole = new StartedStream(start.AsSpan(0, length).ToArray(), content);
        if (!OrderEnvelope.Is(start.AsSpan(0, length))) return new OrdersInput(file.ToString(), known, whole);
        if (keys is null) throw new CommandException(ExitCode.Usage, $"{file} is encrypted to a center, and opens there alone: order import.");
        try
        {
            return new OrdersInput(file.ToString(), known, OrderEnvelope.Open(whole, keys, allowCbc));
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>Reads what is left: at its end an encrypted file says whether it was changed.</summary>
    /// <exception cref="OrderEnvelopeException">It was.</exception>
    public void Finish() => _content.CopyTo(Stream.Null);

    /// <summary>SHA-256 of all that there is, what nobody has read yet included.</summary>
    public byte[] Digest()
    {
        Finish();
        return _digest.Hash!;
    }

    public void Dispose()
    {
        _content.Dispose();
        _digest.Dispose();
    }

    /// <summary>What an orders file is read by.</summary>
    /// <param name="form">Its form.</param>
    /// <param name="products">What orders may name.</param>
    /// <param name="codes">What issue codes must be; null for what they must be where no center says otherwise.</param>
    /// <param name="programs">The programs that there are.</param>
    /// <param name="keys">Open fields that are encrypted; null without a center.</param>
    /// <param name="csv">The product that CSV is of; null for the only one that says something of it.</param>
    /// <exception cref="CommandException">There is no such product, or several.</exception>
    public static OrdersContext Context(
        OrdersForm form, ProductSource products, IssueCodeRule? codes, CardPrograms programs, IOrderFileKeys? keys = null, string? csv = null) =>
        new(name => products.Find(name)?.Product)
        {
            Codes = codes ?? IssueCodeRule.Default,
            Programs = programs,
            Csv = form == OrdersForm.Csv ? products.OfCsv(csv) : null,
            Opens = keys is null ? null : text => OrderEnvelope.OpenText(text, keys),
        };

    private static OrdersForm FormOf(string name)
    {
        foreach (var envelope in Envelopes)
            if (name.EndsWith(envelope, StringComparison.OrdinalIgnoreCase)) name = name[..^envelope.Length];
        foreach (var (ending, form) in Forms)
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) return form;
        throw new CommandException(ExitCode.Usage, $"{name}: what the name ends with tells no form; name it with --form json, jsonl or csv.");
    }
}
