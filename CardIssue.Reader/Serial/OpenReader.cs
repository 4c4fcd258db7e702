using CardIssue.Reader.Serial.Card;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.Serial;

/// <summary>A port that is open, with a reader that answered on it.</summary>
internal sealed class OpenReader : IAsyncDisposable
{
    private OpenReader(CcidReader ccid, CardStarter starter, ReaderProfile profile) => (Ccid, Starter, Profile) = (ccid, starter, profile);

    public CcidReader Ccid { get; }

    public CardStarter Starter { get; }

    public ReaderProfile Profile { get; }

    /// <summary>Opens a port and asks who is there.</summary>
    /// <exception cref="Core.Cards.CardException">The port cannot be opened, or nothing that speaks this protocol answers.</exception>
    public static async ValueTask<OpenReader> OpenAsync(
        Func<OpenPort> open, string name, SlotPresence presence, SerialReaderOptions options, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        // Opening a device may block.
        var port = await Task.Run(open, cancellation).ConfigureAwait(false);
        var ccid = new CcidReader(new FrameLink(port, presence.On, options.FrameGap, time, logger), options, time, logger);
        try
        {
            var profile = await ReaderProfile.AskAsync(ccid, cancellation).ConfigureAwait(false);
            Log.Opened(logger, name, profile.Firmware ?? "no name", ccid.Echoes, profile.Notifies);
            return new OpenReader(ccid, new CardStarter(ccid, logger), profile);
        }
        catch
        {
            await ccid.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Asks whether a card is in; the answer goes to the <see cref="SlotPresence"/>.</summary>
    public async ValueTask AskPresenceAsync(CancellationToken cancellation)
    {
        using var answer = await Ccid.ExchangeAsync(new CcidCommand(CcidCommandType.GetSlotStatus), ExchangeLimits.ReaderAlone, cancellation).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => Ccid.DisposeAsync();
}
