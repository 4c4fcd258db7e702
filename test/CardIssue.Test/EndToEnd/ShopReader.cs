using System.IO.Ports;
using CardIssue.Center.Terminals;
using CardIssue.Core.Cards;
using CardIssue.Reader.Serial;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Serial;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>A reader of a <see cref="Shop"/>, the slot that virtual cards are put into, and what the center knows the reader by.</summary>
internal sealed class ShopReader : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _serving;
    private PtyPair? _cable;
    private readonly Stack<object> _parts = new();

    private ShopReader(ICardReader reader, CardSlot slot, ReaderRecord known, Func<CancellationToken, Task> serve, params object[] parts)
    {
        (Reader, Slot, Known) = (reader, slot, known);
        foreach (var part in parts) _parts.Push(part);
        _serving = Task.Run(() => serve(_stop.Token));
    }

    public ICardReader Reader { get; }

    public CardSlot Slot { get; }

    /// <summary>As the center's registry has it.</summary>
    public ReaderRecord Known { get; }

    /// <summary>A reader inside this process.</summary>
    public static ShopReader Virtual()
    {
        var reader = new VirtualCardReader();
        return new ShopReader(reader, reader.Slot, new ReaderRecord("virtual", null, null, "VC-0001", null, [], false), _ => Task.CompletedTask);
    }

    /// <summary>Our own driver on a serial port, the simulated GemPC Twin on the other.</summary>
    public static async Task<ShopReader> SerialAsync()
    {
        var cable = await PtyPair.OpenAsync();
        var port = GemPcTwin.OpenPort(cable.B);
        var slot = new CardSlot();
        return new ShopReader(new SerialCardReader(cable.A), slot, Nameless("serial"), stop => new GemPcTwin(port.BaseStream, slot).RunAsync(stop), cable, port)
        {
            _cable = cable,
        };
    }

    /// <summary>Pulls the serial reader's cable; the card stays in it.</summary>
    public void HangUp() => _cable!.HangUp();

    /// <summary>Plugs it in again: a reader that was just switched on.</summary>
    public async Task PlugInAsync()
    {
        await _cable!.PlugInAsync();
        var port = GemPcTwin.OpenPort(_cable.B);
        _parts.Push(port);
        _serving = Task.WhenAll(_serving, new GemPcTwin(port.BaseStream, Slot).RunAsync(_stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await Reader.DisposeAsync();
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_parts.TryPop(out var part)) (part as IDisposable)?.Dispose();
        _stop.Dispose();
    }

    private static ReaderRecord Nameless(string kind) => new(kind, null, null, null, null, [], LetInWithoutIdentity: true);
}
