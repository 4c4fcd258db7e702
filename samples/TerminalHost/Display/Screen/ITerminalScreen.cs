using System.Threading.Channels;

namespace CardIssue.TerminalHost.Display.Screen;

/// <summary>The terminal that the operator sits at, as far as the screen needs it: keys come from it, rows go to it.</summary>
internal interface ITerminalScreen : IDisposable
{
    /// <summary>The keys, in their order. Nothing of them is shown by the terminal itself.</summary>
    ChannelReader<ConsoleKeyInfo> Keys { get; }

    /// <summary>What it can show now; the size may change at any time.</summary>
    Surface Surface { get; }

    /// <summary>Shows a frame, whole. May wait for a slow terminal.</summary>
    void Show(CounterFrame frame);
}
