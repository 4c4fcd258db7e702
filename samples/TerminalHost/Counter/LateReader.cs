using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Cli;

namespace CardIssue.TerminalHost.Counter;

/// <summary>
/// A reader that need not be there yet: where its address finds none, it is gone until it is found. For a program that starts with its machine, before a reader is
/// plugged in or PC/SC runs.
/// </summary>
internal sealed class LateReader : ICardReader
{
    private readonly Lock _gate = new();
    private readonly ReaderAddress _address;
    private ICardReader? _reader;

    private LateReader(ReaderAddress address) => _address = address;

    /// <summary>Opens it, now or when it is there.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="missing">Is told why it is not there, if it is not.</param>
    /// <exception cref="CommandException">The address does not say which reader it is.</exception>
    public static LateReader Open(ReaderAddress address, Action<string> missing)
    {
        var late = new LateReader(address);
        try
        {
            late._reader = address.Open();
        }
        catch (CommandException e) when (e.Code is ExitCode.Failed)
        {
            missing(e.Message);
        }
        catch (CardException e)
        {
            missing(e.Message);
        }
        return late;
    }

    public async ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => await Find().IdentifyAsync(cancellation);

    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => await Find().WaitForCardAsync(cancellation);

    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation) => await Find().WaitForRemovalAsync(cancellation);

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => await Find().ConnectAsync(cancellation);

    public ValueTask DisposeAsync() => _reader?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <exception cref="CardException">It is not there.</exception>
    private ICardReader Find()
    {
        try
        {
            lock (_gate) return _reader ??= _address.Open();
        }
        catch (CommandException e)
        {
            throw new CardException(CardFault.ReaderGone, e.Message, e);
        }
    }
}
